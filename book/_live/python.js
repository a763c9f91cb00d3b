// Python in a worker: started by the first press, stopped, and started again.
const MB = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

export function python({ here, version, tell }, receive) {
  const jobs = new Map();
  let worker, ready, fail, interrupt, number = 0, started = 0;

  // From the second visit on, and without a network, files come from the service worker;
  // a page that it has served may share memory, and so Python can be interrupted.
  async function registered() {
    if (!navigator.serviceWorker) return;
    const address = new URL("../../live-sw.js", here);
    address.search = `v=${version}`;
    await navigator.serviceWorker.register(address);
    if (navigator.serviceWorker.controller) return;
    await Promise.race([
      new Promise((yes) => navigator.serviceWorker.addEventListener("controllerchange", yes)),
      new Promise((yes) => setTimeout(yes, 2000)),
    ]);
    // It keeps what passes by, and this page has passed already.
    const parts = performance.getEntriesByType("resource").map(({ name }) => name);
    for (const name of [location.href, ...parts]) fetch(name).catch(() => {});
  }

  async function start({ archives, sizes }, own) {
    tell("Loading Python …");
    await registered().catch(() => {}); // it is a convenience only
    const mine = worker = new Worker(new URL("worker.js", here), { type: "module" });
    started += 1;
    if (window.crossOriginIsolated) interrupt = new SharedArrayBuffer(4);
    await new Promise((yes, no) => {
      fail = no;
      // One that was stopped may still speak.
      worker.onerror = (event) =>
        mine === worker && broken(event.message || "its files could not be loaded");
      worker.onmessage = ({ data }) => mine === worker && heard(data, sizes, yes);
      worker.postMessage({ start: { interrupt, archives, own } });
    });
  }

  function heard(message, sizes, yes) {
    const { kind, id, name, got } = message;
    if (kind === "ready") yes();
    else if (kind === "broken") broken(message.text);
    else if (kind === "loading") {
      const [what, size] = sizes[name ?? "start"];
      tell(`Loading ${what}: ${name ? MB(size) : `${MB(got)} of ${MB(size)}`} …`);
    }
    else if (kind === "loaded") tell("Running …");
    else if (jobs.has(id)) {
      jobs.get(id)(message);
      jobs.delete(id);
    } else receive(message);
  }

  function broken(text) {
    forget(`Python has stopped: ${text}. Press Run to start it again.`);
  }

  function forget(text) {
    worker?.terminate();
    fail?.(Error(text));
    for (const job of jobs.values()) job({ ok: false });
    jobs.clear();
    worker = ready = fail = interrupt = undefined;
    tell(text);
  }

  return {
    forget,

    boot: (book, own) => (ready ??= start(book, own).catch((error) => {
      ready = undefined;
      throw error;
    })),

    ask: (what) => new Promise((yes) => {
      if (!worker) return yes({ ok: false });
      jobs.set(++number, yes);
      worker.postMessage({ ...what, id: number });
    }),

    stop() {
      if (!worker) return;
      const asked = number;
      const restart = () =>
        forget("Stopped. Python has forgotten all variables; Run starts it again.");
      if (!interrupt || !jobs.size) return restart();
      new Int32Array(interrupt)[0] = 2; // as Ctrl-C does
      tell("Stopping …");
      setTimeout(() => jobs.has(asked) && restart(), 5000);
    },

    get alive() { return Boolean(worker); },
    get started() { return started; }, // how often
  };
}
