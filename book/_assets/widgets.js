// What readers move and point at: the choices of `explore`, and the parts of a picture
// that answer. Python has drawn all of it; where cells run in the page, it draws on demand.
window.conv_notes = (() => {
  const make = (tag, more = {}, ...inside) => {
    const element = Object.assign(document.createElement(tag), more);
    element.append(...inside.filter((one) => one != null));
    return element;
  };

  const button = (text, name, onclick) => {
    const made = make("button", { type: "button", textContent: text, onclick });
    made.setAttribute("aria-label", name);
    return made;
  };

  // ---- Parts that answer: the Tab key stops once, the arrows lead to the nearest. At the end
  // of a row, left and right go on to the part before or after.
  function next(from, parts, key) {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    const corner = (part) => { // of the first of its rectangles
      const path = part.firstElementChild;
      return path.getPointAtLength(0).matrixTransform(path.getScreenCTM());
    };
    const at = corner(from);
    const far = (part) => {
      const to = corner(part), u = to.x - at.x, v = to.y - at.y;
      const along = u * dx + v * dy, across = Math.abs(u * dy) + Math.abs(v * dx);
      if (dx) return along > 1 && across < 8 ? along : Infinity;
      return along > 1 ? along + 3 * across : Infinity;
    };
    const nearest = parts.reduce((a, b) => (far(b) < far(a) ? b : a));
    if (far(nearest) < Infinity) return nearest;
    return dx ? parts[parts.indexOf(from) + dx] : undefined;
  }

  document.addEventListener("keydown", (event) => {
    const part = event.target.closest?.(".touch");
    if (!part || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) {
      const parts = [...part.closest("svg").querySelectorAll(".touch")];
      next(part, parts, event.key)?.focus();
    } else if (event.key === "Enter" || event.key === " ")
      part.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    else return;
    event.preventDefault();
    event.stopPropagation(); // the theme turns pages with the arrows
  });
  document.addEventListener("focusin", ({ target }) => {
    if (!target.matches(".touch")) return;
    for (const part of target.closest("svg").querySelectorAll(".touch"))
      part.setAttribute("tabindex", part === target ? 0 : -1);
  });

  // ---- Choices above a picture.
  // `draw(indices, use)` gives the HTML of a state to `use`, now or later.
  function explorer({ controls, first, draw, tallest = 0 }) {
    const state = [...first];
    const seen = make("div", { className: "explore-picture" });
    const said = make("span", { className: "visually-hidden" });
    said.setAttribute("role", "status");
    const names = controls.map(([name]) => name);
    let drawn; // listeners of the address, once the first picture is there
    let kept; // which part was pressed: the next state's is to be compared with it

    function use(html) {
      // Who chose with a part, or came by keyboard, stays there. A part that was tapped
      // before the picture went on would cover it.
      const parts = [...seen.querySelectorAll(".touch")];
      const focus = parts.findIndex((part) => part.matches(":focus-visible, [data-sets]:focus"));
      seen.innerHTML = html;
      for (const part of seen.querySelectorAll("[data-sets]")) // the handle of a drag
        part.classList.toggle("here", !changesOf(part).length);
      const now = seen.querySelectorAll(".touch");
      if (now.length === parts.length) now[kept]?.classList.add("kept");
      if (focus >= 0) seen.querySelectorAll(".touch")[focus]?.focus({ preventScroll: true });
      tallest = Math.max(tallest, proportion(html)); // no picture moves what is below it
      seen.style.setProperty("--tall", tallest || "auto");
      const text = seen.querySelector("svg")?.getAttribute("aria-label") ?? seen.textContent;
      if (drawn) said.textContent = text;
      drawn?.(state);
    }

    function set(changes) {
      for (const [k, index] of changes) {
        state[k] = index;
        shows[k](index);
      }
      draw([...state], use);
    }

    const shows = [];
    const fields = controls.map(([name, options], k) => {
      const made = isOrdered(options) ? slider : choice;
      const { element, show } = made(name, options, (index) => set([[k, index]]));
      shows.push(show);
      show(state[k]);
      return element;
    });

    // A part of the picture may stand for a state: a click chooses it, a drag runs through.
    function changesOf(part) {
      const wanted = Object.entries(JSON.parse(part.dataset.sets));
      return wanted.map(([name, label]) => {
        const k = names.indexOf(name);
        return [k, controls[k]?.[1].indexOf(label)];
      }).filter(([k, index]) => index >= 0 && state[k] !== index);
    }
    function chosen(part) {
      const changes = changesOf(part);
      if (!changes.length) return;
      part.focus({ preventScroll: true }); // or the part where a drag began would stay lit
      set(changes);
    }
    const partAt = ({ clientX, clientY }) =>
      document.elementFromPoint(clientX, clientY)?.closest("[data-sets]");
    seen.onclick = ({ target }) => {
      const part = target.closest(".touch");
      const stays = part && !part.dataset.sets && !part.querySelector("image");
      kept = stays ? [...seen.querySelectorAll(".touch")].indexOf(part) : undefined;
      seen.querySelector(".kept")?.classList.remove("kept");
      if (part?.dataset.sets) chosen(part);
    };
    let dragged; // by a finger only from the handle on: elsewhere it moves the page
    seen.onpointerdown = ({ target, pointerType }) => {
      dragged = pointerType !== "touch" || target.closest(".here");
    };
    seen.onpointermove = (event) => {
      const part = event.buttons && dragged && partAt(event);
      if (part && seen.contains(part)) chosen(part);
    };

    draw([...state], use);
    const above = make("div", { className: "explore-controls" }, ...fields);
    const element = make("div", { className: "explore" }, above, seen, said);
    return { element, set, follow: (listener) => (drawn = listener) };
  }

  const proportion = (html) => {
    const size = /width="([\d.]+)(?:pt)?" height="([\d.]+)/.exec(html);
    return size ? size[2] / size[1] : 0;
  };

  // Numbers have an order, names have none; two of anything are a choice.
  const isOrdered = (options) => options.length > 2 && options.every((o) => /^[-−]?\d/.test(o));

  let count = 0;
  function choice(name, options, chosen) {
    const group = `choice-${(count += 1)}`;
    const inputs = options.map((_, index) =>
      make("input", { type: "radio", name: group, onchange: () => chosen(index) }));
    // The browser would bring into view what gets the focus, and move the page.
    const pressed = (event) => {
      const input = event.currentTarget.previousSibling;
      event.preventDefault();
      input.focus({ preventScroll: true });
      if (!input.checked) input.click();
    };
    const labels = options.map((option, k) =>
      make("label", {}, inputs[k], make("span", { onclick: pressed }, option)));
    const element = make("fieldset", { className: "explore-choice" },
      make("legend", {}, name), make("div", {}, ...labels));
    return { element, show: (index) => (inputs[index].checked = true) };
  }

  function slider(name, options, chosen) {
    const range = make("input", { type: "range", min: 0, max: options.length - 1 });
    const label = make("output");
    let timer;
    const at = (index) => Math.min(Math.max(index, 0), options.length - 1);
    const step = (by) => chosen(at(+range.value + by));
    const play = button("▶", `Play ${name}`, () => (timer ? stop() : start()));
    const stop = () => {
      timer = clearInterval(timer);
      play.textContent = "▶";
    };
    const start = () => {
      if (+range.value === options.length - 1) chosen(0);
      timer = setInterval(() => (+range.value === options.length - 1 ? stop() : step(1)), 900);
      play.textContent = "❚❚";
    };
    range.oninput = () => {
      stop();
      chosen(+range.value);
    };
    const words = make("label", {}, make("span", {}, name), range, label);
    const element = make("div", { className: "explore-slider" },
      words, button("‹", `${name}: one less`, () => step(-1)),
      button("›", `${name}: one more`, () => step(1)), play);
    const show = (index) => {
      range.value = index;
      label.textContent = options[index];
      range.setAttribute("aria-valuetext", options[index]);
    };
    return { element, show };
  }

  // ---- Those of the page. Their state is in the address, so that a link shows it. The
  // page holds the first picture; the others are a script, loaded when that is near.
  const states = {};
  function fromPage(box, number) {
    const script = box.querySelector("script");
    const { controls, first, source, tallest, states: name } = JSON.parse(script.textContent);
    script.remove();
    const start = box.innerHTML;
    const key = `explore${number || ""}`;
    const asked = new URLSearchParams(location.search).get(key)?.split(".").map(Number);
    const fits = asked?.length === controls.length &&
      controls.every(([, options], k) => options[asked[k]] !== undefined);
    const at = (state) => state.reduce((sum, index, k) => sum * controls[k][1].length + index, 0);
    let loading, wanted;
    const load = () => (loading ??= new Promise((onload) =>
      document.head.append(make("script", { src: source, onload }))));
    function draw(state, use) {
      wanted = at(state);
      if (states[name]) use(states[name][wanted]);
      else if (wanted === at(first)) use(start);
      else load().then(() => use(states[name][wanted]));
    }
    const made = explorer({ controls, first: fits ? asked : first, draw, tallest });
    made.follow((state) => {
      const address = new URL(location);
      address.searchParams.set(key, state.join("."));
      history.replaceState(history.state, "", address);
    });
    box.replaceWith(made.element);
    const near = ([{ isIntersecting }]) => isIntersecting && load();
    new IntersectionObserver(near, { rootMargin: "100%" }).observe(made.element);
  }

  // ---- Questions. Answers are kept in this browser.
  const KEPT = "conv_notes:answers";
  const kept = () => JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  const asNumber = (text) => {
    const plain = text.replace(/\s|,(?=\d{3}\b)/g, "").replace(",", ".").replace("−", "-");
    const [over, under = 1] = plain.replace("%", "/100").split("/").map((p) => (p ? Number(p) : NaN));
    return over / under; // of 1/3, 2,500, 0,5 and 50 % too
  };

  function asked(box) {
    const { answer, because, choices, slips, within } =
      JSON.parse(box.querySelector("script").textContent);
    const question = box.querySelector("p");
    const key = `${location.pathname}: ${question.textContent}`;
    const said = make("p", { className: "ask-said" });
    said.setAttribute("role", "status");

    function given(text) {
      const value = choices.length ? text : asNumber(text);
      const is = (one) => (choices.length ? value === one : Math.abs(value - one) <= within + 1e-9);
      const right = is(answer);
      const near = right && !choices.length && Math.abs(value - answer) > 1e-9;
      const exact = near ? `Right: ${Number(answer.toPrecision(3))}.` : "Right.";
      const why = right ? because : slips.find(([slip]) => is(slip))?.[1];
      const verdict = `${right ? exact : "No."} ${why ?? "Try again, or open the answer."}`;
      said.textContent = Number.isNaN(value) ? "A number, please: 12, 0.5 or 1/3." : verdict;
      box.classList.toggle("ask-right", right);
      box.classList.toggle("ask-wrong", !right);
    }

    function answered(text) {
      given(text);
      localStorage.setItem(KEPT, JSON.stringify({ ...kept(), [key]: text }));
    }

    const before = kept()[key];
    if (choices.length) {
      const { element, show } = choice(question.textContent, choices, (k) => answered(choices[k]));
      question.replaceWith(element);
      box.querySelector("ul").remove();
      if (choices.includes(before)) show(choices.indexOf(before));
    } else {
      const input = make("input", { type: "text", inputMode: "decimal", value: before ?? "" });
      const label = make("label", {}, make("span", {}, question.textContent), input);
      const form = make("form", {}, label, make("button", { textContent: "Check" }));
      input.oninput = () => {
        said.textContent = "";
        box.classList.remove("ask-right", "ask-wrong");
      };
      form.onsubmit = (event) => {
        event.preventDefault();
        answered(input.value);
      };
      question.replaceWith(form);
    }
    if (before !== undefined) given(before);
    box.querySelector("details").before(said);
  }

  document.querySelectorAll(".explore").forEach(fromPage);
  document.querySelectorAll(".ask").forEach(asked);
  return { make, button, explorer, asked, states };
})();
