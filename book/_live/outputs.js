// What cells put out, as in the book; and what readers move or draw in it.
const { make, button, explorer, asked } = window.conv_notes;

export function outputs({ tell }, engine) {
  function place(cell) {
    let out = cell.element.querySelector(":scope > .cell_output");
    if (!out) {
      out = make("div", { className: "cell_output docutils container" });
      cell.element.append(out);
    }
    if (cell.fresh) {
      cell.fresh = false;
      cell.figure ??= out.querySelector("figure"); // a picture keeps its caption
      cell.still ??= cell.figure?.querySelector("img, svg");
      cell.now ??= cell.still;
      cell.book ??= [...out.childNodes]; // not copies: handlers and sliders would be dead
      out.replaceChildren();
    }
    return out;
  }

  // As the book has it.
  function restore(cell) {
    if (!cell.book) return;
    if (cell.figure) captioned(cell, cell.still);
    place(cell).replaceChildren(...cell.book);
  }

  // In the place of the book's picture, above its caption.
  function captioned(cell, element) {
    cell.now.replaceWith(element);
    cell.now = element;
    return cell.figure;
  }

  const text = (kind, content) => make("div", { className: `output ${kind} notranslate` },
    make("div", { className: "highlight" }, make("pre", { textContent: content })));

  // In the page itself: there its parts answer, and it is dark where the page is.
  function image(svg, alt) {
    const picture = make("div", { innerHTML: svg }).firstChild;
    if (alt) picture.setAttribute("aria-label", alt);
    return picture;
  }

  function shown({ shown: kind, text: content, alt }) {
    if (kind === "svg") return image(content, alt);
    if (kind === "html") return make("div", { innerHTML: content });
    if (kind === "markdown") return emphasised(content);
    return text("text_plain", content);
  }

  // The only Markdown that cells show: a line with *emphasis*.
  const emphasised = (line) => make("p", {}, ...line.split(/(\*[^*]+\*)/).map((part) =>
    part.length > 2 && part[0] === "*" ? make("em", {}, part.slice(1, -1)) : part));

  function show(cell, message) {
    const out = place(cell);
    if (message.kind === "stream") {
      const last = out.lastElementChild;
      if (last?.classList.contains("stream")) last.querySelector("pre").append(message.text);
      else out.append(text("stream", message.text));
    } else if (message.kind === "error") {
      out.append(text("traceback", message.text));
      cell.failed = message.line;
    } else if (message.kind === "explore") out.append(explored(message));
    else if (message.kind === "sketch") {
      const canvas = sketch(message);
      out.append(cell.figure ? captioned(cell, canvas) : canvas);
    } else if (message.shown === "svg" && cell.figure)
      out.append(captioned(cell, image(message.text, message.alt || cell.still.ariaLabel || cell.still.alt)));
    else {
      const box = make("div", { className: "output" }, shown(message));
      out.append(box);
      box.querySelectorAll(".ask").forEach(asked);
      window.MathJax?.typesetPromise?.([box]);
    }
  }

  // Asks while the last answer is still under way are one, the latest.
  function latest(question, use) {
    const { started } = engine;
    let asking = false;
    let stale = false;
    return async () => {
      if (!engine.alive || engine.started !== started)
        return tell("Python has been stopped since: run this cell again.");
      if (asking) return (stale = true);
      asking = true;
      do {
        stale = false;
        const answer = await engine.ask(question());
        if (answer.failed) tell(answer.failed);
        else if (answer.ok !== false) use(answer);
      } while (stale);
      asking = false;
    };
  }

  function explored({ number, ...choices }) {
    let use;
    let state;
    const ask = latest(() => ({ asked: [number, state] }), (answer) => use(answer.text));
    const draw = (now, then) => {
      [state, use] = [now, then];
      ask();
    };
    return make("div", { className: "output" }, explorer({ ...choices, draw }).element);
  }

  // A canvas to draw on, or to put a picture of one's own on; Python answers each stroke.
  function sketch({ number, rows, columns, ink, pixels }) {
    const zoom = Math.max(1, Math.round(280 / columns));
    const size = { width: columns * zoom, height: rows * zoom };
    const canvas = make("canvas", { ...size, tabIndex: 0 });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "Draw here with a finger or the mouse");
    const brush = canvas.getContext("2d", { willReadFrequently: true });
    const small = make("canvas", { width: columns, height: rows });
    const reduced = small.getContext("2d", { willReadFrequently: true });
    const grey = (value) => Math.round(255 * (ink ? 1 - value : value));

    function read() {
      reduced.drawImage(canvas, 0, 0, columns, rows);
      const { data } = reduced.getImageData(0, 0, columns, rows);
      return Float32Array.from({ length: rows * columns }, (_, k) => {
        const [r, g, b] = data.subarray(4 * k, 4 * k + 3);
        const light = (0.299 * r + 0.587 * g + 0.114 * b) / 255;
        return ink ? 1 - light : light;
      });
    }

    const seen = make("div", { className: "live-answer" });
    const answer = latest(() => ({ asked: [number, read()] }), ({ answers }) =>
      seen.replaceChildren(...answers.map(([name, value]) => value.length
        ? make("figure", { className: value[0].length > 2 * value.length ? "wide" : "" },
          painted(value), make("figcaption", {}, name))
        : make("label", {}, make("span", {}, name),
          make("meter", { value, max: 1 }), value.toFixed(2)))));

    function painted(values) {
      const picture = make("canvas", { width: values[0].length, height: values.length });
      const context = picture.getContext("2d");
      const field = context.createImageData(picture.width, picture.height);
      values.flat().forEach((value, k) => { // nothing where there is no number
        const grey = 255 * value;
        field.data.set([grey, grey, grey, Number.isNaN(value) ? 0 : 255], 4 * k);
      });
      context.putImageData(field, 0, 0);
      return picture;
    }

    function clear() {
      brush.fillStyle = `rgb(${grey(0)} ${grey(0)} ${grey(0)})`;
      brush.fillRect(0, 0, canvas.width, canvas.height);
      answer();
    }

    function put(picture) {
      const scale = Math.max(canvas.width / picture.width, canvas.height / picture.height);
      const [w, h] = [picture.width * scale, picture.height * scale];
      brush.drawImage(picture, (canvas.width - w) / 2, (canvas.height - h) / 2, w, h);
      answer();
    }

    function begin() {
      const field = reduced.createImageData(columns, rows);
      pixels.forEach((value, k) => field.data.set([grey(value), grey(value), grey(value), 255], 4 * k));
      reduced.putImageData(field, 0, 0);
      put(small);
    }

    let last;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      const x = (event.clientX - box.left) * canvas.width / box.width;
      return [x, (event.clientY - box.top) * canvas.height / box.height];
    };
    canvas.onpointerdown = (event) => {
      canvas.setPointerCapture(event.pointerId);
      last = at(event);
      canvas.onpointermove(event);
    };
    canvas.onpointermove = (event) => {
      if (!last) return;
      const next = at(event);
      Object.assign(brush, { lineCap: "round", lineWidth: 2.2 * zoom });
      brush.strokeStyle = `rgb(${grey(1)} ${grey(1)} ${grey(1)})`;
      brush.beginPath();
      brush.moveTo(...last);
      brush.lineTo(...next);
      brush.stroke();
      last = next;
      answer();
    };
    canvas.onpointerup = canvas.onpointercancel = () => (last = undefined);

    const file = make("input", { type: "file", accept: "image/*" });
    file.onchange = () => file.files[0] && createImageBitmap(file.files[0])
      .then(put, () => tell(`${file.files[0].name} is no picture that this browser can read.`));
    begin();
    return make("div", { className: "output" },
      make("div", { className: "live-sketch" }, canvas, seen),
      make("div", { className: "live-bar" },
        button("Clear", "Clear the drawing", clear),
        button("Start", "Start again with the book's picture", begin)),
      make("label", {}, "Your own picture, which stays in this browser: ", file));
  }

  return { place, show, restore };
}
