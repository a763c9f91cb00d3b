// Slim, compile and pack Pyodide's parts, in Pyodide itself: see vendor_pyodide.py.
// node pack_pyodide.mjs CORE GROUPS.json OUT
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [core, groups, out] = process.argv.slice(2).map((name) => path.resolve(name));
const { loadPyodide } = await import(pathToFileURL(path.join(core, "pyodide.mjs")));
const python = await loadPyodide({ indexURL: core + "/" });
const code = fs.readFileSync(new URL("pack_pyodide.py", import.meta.url), "utf8");
python.runPython(code);

const bytes = (name) => python.toPy(new Uint8Array(fs.readFileSync(name)));
const write = (name, packed) => {
  fs.writeFileSync(path.join(out, name), packed.toJs());
  packed.destroy();
};
const pack = python.globals.get("pack");
write("python_stdlib.zip", pack([bytes(path.join(core, "python_stdlib.zip"))], "/lib/python314.zip/"));
write("pyodide.asm.wasm.gz", python.globals.get("gzipped")(bytes(path.join(core, "pyodide.asm.wasm"))));
for (const [name, wheels] of Object.entries(JSON.parse(fs.readFileSync(groups, "utf8"))))
  write(`${name}.zip`, pack(wheels.map(bytes), "/lib/python3.14/site-packages/"));
