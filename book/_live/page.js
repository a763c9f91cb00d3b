// One page of the book that computes: cells are run, edited, checked and kept.
import { outputs } from "./outputs.js";
import { python } from "./python.js";

const { make, button } = window.conv_notes;
let opened;
export const open = (live) => (opened ??= page(live));

function page(live) {
  const { here, foot, tell, cells } = live;
  const KEY = `conv_notes:${live.page}`;
  const edits = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  let running;
  let book; // the page's code, and what its packages weigh
  let own; // a package of the reader's, which Python forgets with all else
  const loaded = async () =>
    (book ??= await (await fetch(new URL(`cells/${live.page}.json`, here))).json());

  const engine = python(live, (message) => running && show(running, message));
  const { place, show, restore: putBack } = outputs(live, engine);
  const stop = button("Stop", "Stop Python", () => {
    stopped += 1;
    engine.stop();
  });
  const changes = [
    button("Reset page", "Reset page: undo all changes of its code", resetPage),
    button("Download", "Download this page's notebook with your changes", download),
  ];
  const clock = make("span", { ariaHidden: "true" }); // not to be read out each second
  foot.append(clock, stop, ...changes);

  // ---- Running: a cell needs what the cells above it made, so those run first.
  const source = (cell) => cell.editor?.text() ?? edits[cell.i] ?? book.cells[cell.i].source;

  async function runOne(cell, code = source(cell)) {
    running = cell;
    cell.fresh = true;
    cell.element.classList.add("live-busy");
    cell.failed = null;
    cell.editor?.mark(null);
    const began = Date.now();
    const timer = setInterval(() =>
      (clock.textContent = `${Math.round((Date.now() - began) / 1000)} s`), 1000);
    const { ok } = await engine.ask({ run: code, cell: cell.i });
    clearInterval(timer);
    clock.textContent = "";
    cell.element.classList.remove("live-busy");
    if (cell.fresh && ok) place(cell);
    if (cell.failed && !cell.editor) await editor(cell);
    if (cell.failed) cell.editor.mark(cell.failed);
    running = undefined;
    return ok;
  }

  // `check` is run after it, and may need more.
  async function runAll(cell, check = "") {
    await engine.boot(await loaded(), own);
    const round = stopped;
    // Answers to exercises are nobody's business but their own: to others, as in the book.
    const code = (one) => one.element.classList.contains("tag_exercise") && one !== cell
      ? book.cells[one.i].source : source(one);
    const sources = cells.slice(0, cell.i + 1).map(code);
    sources[cell.i] += `\n${check}`;
    const { cells: missing = [] } = await engine.ask({ missing: [sources, cell.i] });
    const todo = missing.map((i) => cells[i]);
    const cannot = todo.find((above) => above.why);
    if (cannot)
      return tell(`It needs a cell above that does not run here: ${cannot.why}.`);
    for (const [k, above] of todo.entries()) {
      tell(`Running what it needs: ${k + 1} of ${todo.length} cells above …`);
      if (await runOne(above, code(above))) continue;
      if (!engine.alive) return;
      above.element.scrollIntoView({ block: "center" });
      return tell(ended(round) ?? `Cell ${above.i + 1}, above, failed: see there.`);
    }
    tell("Running …");
    if (!(await runOne(cell)))
      return engine.alive && tell(ended(round) ?? (cell.i in edits || !Object.keys(edits).length
        ? "An error, see the cell."
        : "An error, see the cell. You have changed others, on which it may rest."));
    tell("Done.");
    return true;
  }

  const ended = (round) => round === stopped ? undefined : "Stopped. Variables are kept.";

  // One thing after another. What waits when Python is stopped is dropped.
  let chain = Promise.resolve();
  let waiting = 0;
  let stopped = 0;
  function queued(work) {
    const round = stopped;
    waiting += 1;
    stop.hidden = stop.disabled = false;
    chain = chain.then(async () => {
      if (round === stopped) await work();
    }).catch((error) =>
      tell(engine.alive ? error.message : `Python could not start: ${error.message}`),
    ).then(() => (stop.disabled = !(waiting -= 1)));
  }
  const run = (cell) => queued(() => runAll(cell));

  const check = (cell) => queued(async () => {
    await loaded();
    if (source(cell) === book.cells[cell.i].source)
      return tell("Write your answer into the cell first: press Edit.");
    const { check } = book.cells[cell.i];
    if ((await runAll(cell, check)) !== true) return;
    tell("Checking …");
    const { right, text } = await engine.ask({ check });
    if (!text) return; // stopped, which has been said
    const verdict = make("p", { className: right ? "live-right" : "live-wrong", textContent: text });
    cell.element.querySelector(".live-right, .live-wrong")?.remove();
    place(cell).append(verdict);
    tell(right ? "Right." : "Not yet.");
  });

  function loadOwn() {
    const file = make("input", { type: "file", accept: ".whl,.zip" });
    file.onchange = () => queued(async () => {
      own = new Uint8Array(await file.files[0].arrayBuffer());
      engine.forget("Your copy is kept until you leave the page.");
      for (const cell of cells.filter((one) => one.why === live.OWN)) {
        cell.why = undefined;
        live.arm(cell);
      }
    });
    file.click();
  }

  async function runClaim(id) {
    const cell = cells[(await loaded()).claims[id]];
    if (!cell) return tell(`No cell of this page checks ${id}.`);
    if (cell.shell?.tagName === "DETAILS") cell.shell.open = true;
    cell.element.scrollIntoView({ block: "center" });
    if (cell.why) return tell(`This cell does not run in the page: ${cell.why}.`);
    if (cell.i in edits) return tell("You have changed this cell: press Reset, then Run.");
    await run(cell);
    cell.element.scrollIntoView({ block: "center" });
  }

  // ---- Editing: what is changed stays in this browser.
  function remember(cell) {
    const mine = cell.editor.text();
    if (mine === book.cells[cell.i].source) delete edits[cell.i];
    else edits[cell.i] = mine;
    keep();
  }

  function keep() {
    if (Object.keys(edits).length) localStorage.setItem(KEY, JSON.stringify(edits));
    else localStorage.removeItem(KEY);
    for (const one of changes) one.hidden = !Object.keys(edits).length;
    for (const cell of cells.filter((one) => one.reset)) {
      cell.element.classList.toggle("live-changed", cell.i in edits);
      cell.reset.hidden = !(cell.i in edits);
    }
  }

  async function editor(cell) {
    await loaded();
    const module = await import(new URL("../vendor/codemirror/editor.js", here));
    if (cell.shell.tagName === "DETAILS") cell.shell.open = true;
    const box = make("div", { className: "live-editor highlight" });
    // Sphinx takes "/" and the arrows for itself.
    box.addEventListener("keydown", (event) => event.stopPropagation());
    cell.input.querySelector("pre").closest("[class^=highlight-]").replaceWith(box);
    cell.editor = module.editor(box, source(cell), `Code of cell ${cell.i + 1}`, {
      run: () => run(cell),
      changed: () => remember(cell),
    });
  }

  async function edit(cell) {
    if (!cell.editor) await editor(cell);
    cell.editor.focus();
  }

  function reset(cell) {
    delete edits[cell.i];
    cell.editor?.replace(book.cells[cell.i].source);
    putBack(cell);
    keep();
  }

  function resetPage() {
    for (const cell of cells) if (cell.i in edits) reset(cell);
    tell("All cells are as in the book.");
  }

  async function restore() {
    for (const i of Object.keys(edits)) if (cells[i]?.input) await editor(cells[i]);
    keep();
    tell("Your changes of this page are kept in this browser.");
  }

  async function download() {
    const notebook = await (await fetch(new URL(`../../_sources/${live.page}.ipynb`, here))).json();
    const { cells: code } = await loaded();
    for (const [i, mine] of Object.entries(edits))
      // Before the chapter stands the cell that gets what it runs on.
      Object.assign(notebook.cells[code[i].at + 1], { source: mine, outputs: [] });
    const file = new Blob([JSON.stringify(notebook, null, 1)], { type: "application/x-ipynb+json" });
    const href = URL.createObjectURL(file);
    make("a", { href, download: `${live.page.split("/").pop()}.ipynb` }).click();
  }

  stop.hidden = true;
  keep();
  return { run, check, edit, reset, restore, loadOwn, runClaim };
}
