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

// What is printed goes to the page ten times a second, and not without end.
const MOST = 200_000; // characters of a cell
const decoder = new TextDecoder();
let printed = "", told = 0, since = 0;

function flush() {
  if (printed) say("stream", { text: printed });
  printed = "";
  since = performance.now();
}

function write(bytes) {
  const text = decoder.decode(bytes, { stream: true });
  if (told < MOST) printed += text;
  told += text.length;
  if (told >= MOST && told - text.length < MOST)
    printed += "\n… more than a page can show\n";
  if (performance.now() - since > 100) flush();
  return bytes.length;
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
  python.setStdout({ write });
  python.setStderr({ write });
  if (interrupt) python.setInterruptBuffer(new Int32Array(interrupt));
  runner = python.pyimport("runner");
  runner.emit = (kind, value) => {
    flush();
    say(kind, js(value));
  };
  runner.fetch = (name) => {
    const file = python.toPy(fetchNow(name));
    say("loaded");
    return file;
  };
  runner.install(python.toPy(archives));
  if (own) runner.unpack(python.toPy(own));
  say("ready");
}

const py = (value) => python.toPy(value);
function answers({ run, cell, missing, check, asked }) {
  if (run !== undefined) return { ok: runner.run(run, cell) };
  if (missing) return { cells: js(runner.missing(...missing.map(py))) };
  if (check !== undefined) return js(runner.check(check));
  return js(runner.asked(...asked.map(py)));
}

let queue = Promise.resolve();
onmessage = ({ data }) => {
  queue = queue.then(async () => {
    try {
      if (data.start) await start(data.start);
      else {
        told = 0;
        const answer = answers(data);
        flush();
        say("done", { id: data.id, ...answer });
      }
    } catch (error) {
      say("broken", { text: String(error) });
    }
  });
};
