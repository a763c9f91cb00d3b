// One Python, in a thread of its own. The page and it exchange messages only.
import { loadPyodide } from "../vendor/pyodide/pyodide.mjs";

const PYODIDE = new URL("../vendor/pyodide/", import.meta.url);
const say = (kind, more) => postMessage({ kind, ...more });

// What is fetched is counted, so that the page can say how far it is.
let got = 0;
function counted(response) {
  const counter = new TransformStream({
    transform(chunk, controller) {
      got += chunk.length;
      say("loading", { got });
      controller.enqueue(chunk);
    },
  });
  return response.body.pipeThrough(counter);
}

// A plain file server does not compress: the largest file lies there compressed.
const plain = self.fetch.bind(self);
self.fetch = async (url, options) => {
  const address = String(url.url ?? url);
  const packed = address.endsWith(".wasm");
  const response = await plain(packed ? address + ".gz" : address, options);
  if (!response.ok) throw Error(`${address}: ${response.status} ${response.statusText}`);
  let body = counted(response);
  if (packed) body = body.pipeThrough(new DecompressionStream("gzip"));
  const type = packed ? "application/wasm" : response.headers.get("Content-Type");
  return new Response(body, { headers: { "Content-Type": type } });
};

// Python imports, and cannot wait: it asks for archives in one go.
function fetchNow(name) {
  const address = new URL(name, import.meta.url).href;
  say("loading", { name });
  const request = new XMLHttpRequest();
  request.open("GET", address, false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw Error(`${address}: ${request.status}`);
  return new Uint8Array(request.response);
}

let python, runner;
const js = (value) => value?.toJs?.({ dict_converter: Object.fromEntries }) ?? value;

async function start({ interrupt, archives, own }) {
  python = await loadPyodide({
    indexURL: PYODIDE.href,
    env: { HOME: "/home/pyodide", MPLBACKEND: "svg", MPLCONFIGDIR: "/tmp" },
  });
  const site = python.runPython("import site; site.getsitepackages()[0]");
  for (const name of ["../vendor/pyodide/numpy.zip", "book.zip"]) {
    const packed = await (await fetch(new URL(name, import.meta.url))).arrayBuffer();
    const folder = name === "book.zip" ? "/home/pyodide" : site;
    python.unpackArchive(packed, "zip", { extractDir: folder });
  }
  python.runPython("import os, sys; os.chdir('book'); sys.path.insert(0, '/home/pyodide')");
  const decoder = new TextDecoder();
  const write = (bytes) => (say("stream", { text: decoder.decode(bytes) }), bytes.length);
  python.setStdout({ write });
  python.setStderr({ write });
  if (interrupt) python.setInterruptBuffer(new Int32Array(interrupt));
  runner = python.pyimport("runner");
  runner.emit = (kind, value) => say(kind, js(value));
  runner.fetch = (name) => python.toPy(fetchNow(name));
  runner.install(python.toPy(archives));
  if (own) runner.unpack(python.toPy(own));
  say("ready");
}

let queue = Promise.resolve();
onmessage = ({ data }) => {
  queue = queue.then(async () => {
    try {
      if (data.start) await start(data.start);
      else if (data.run) say("done", { id: data.id, ok: runner.run(data.run) });
      else if (data.needed) say("done", { id: data.id, cells: js(runner.needed(...data.needed.map(python.toPy))) });
      else if (data.check) say("done", { id: data.id, ...js(runner.check(data.check)) });
      else say("done", { id: data.id, ...js(runner.asked(...data.asked.map(python.toPy))) });
    } catch (error) {
      say("broken", { text: String(error) });
    }
  });
};
