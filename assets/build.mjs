// Builds the browser's side: hashed files, a manifest, and their compressed twins, into src/parlour/static.
import { build, context } from "esbuild";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = join(here, "../src/parlour/static");
const entries = ["js/dashboard.js", "js/public.js", "css/dashboard.css", "css/site.css", "css/portal.css"];
const shippedAlone = /\.(css|js|svg|json|map)$/;
const firstLoadLimit = 60_000;

// Socket.IO ships four ways to talk; Parlour uses the WebSocket only.
const websocketOnly = {
  name: "websocket-only",
  setup(bundler) {
    bundler.onLoad({ filter: /engine\.io-client\/build\/esm\/transports\/(polling-(xhr|fetch)|webtransport)(\.node)?\.js$/ }, () => ({
      contents: "export class XHR {}\nexport class Fetch {}\nexport class WT {}\n",
    }));
  },
};

// Turbo's progress bar writes a style element, which our content policy refuses; we draw our own line.
const withoutTurboStyles = {
  name: "without-turbo-styles",
  setup(bundler) {
    bundler.onLoad({ filter: /@hotwired\/turbo\/dist\/turbo\.es2017-esm\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const contents = source.replace("    this.installStylesheetElement();\n", "");
      if (contents === source) throw new Error("Turbo's progress bar has changed: look again at its style element.");
      return { contents };
    });
  },
};

const options = {
  absWorkingDir: here,
  entryPoints: entries,
  outdir: target,
  outbase: here,
  entryNames: "[name].[hash]",
  chunkNames: "[name].[hash]",
  assetNames: "[name].[hash]",
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome123", "firefox128", "safari17.5"],
  metafile: true,
  legalComments: "none",
  loader: { ".woff2": "file", ".svg": "file" },
  publicPath: "/static",
  plugins: [websocketOnly, withoutTurboStyles],
  logLevel: "warning",
};

function sprite() {
  const symbols = readdirSync(join(here, "icons")).filter((name) => name.endsWith(".svg")).sort().map((name) => {
    const drawing = readFileSync(join(here, "icons", name), "utf8").replace(/\s*\n\s*/g, "");
    return drawing.replace("<svg ", `<symbol id="${basename(name, ".svg")}" `).replace("</svg>", "</symbol>");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

function hashed(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  const file = name.replace(/\.(\w+)$/, `.${hash}.$1`);
  writeFileSync(join(target, file), content);
  return file;
}

function compress() {
  for (const name of readdirSync(target).filter((name) => shippedAlone.test(name))) {
    const content = readFileSync(join(target, name));
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
    writeFileSync(join(target, `${name}.br`), brotliCompressSync(content, quality));
    writeFileSync(join(target, `${name}.gz`), gzipSync(content, { level: 9 }));
  }
}

// What a page must load before it is itself: the entry and everything it imports at once.
function firstLoad(outputs, file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  outputs[file].imports.filter((it) => it.kind === "import-statement").forEach((it) => firstLoad(outputs, it.path, seen));
  return seen;
}

function finish(result) {
  const outputs = Object.fromEntries(
    Object.entries(result.metafile.outputs).map(([path, output]) => [
      basename(path), { ...output, imports: output.imports.map((it) => ({ ...it, path: basename(it.path) })) }]));
  const manifest = { "icons.svg": hashed("icons.svg", sprite()), "favicon.svg": hashed("favicon.svg", readFileSync(join(here, "favicon.svg"))) };
  const preload = {};
  for (const [file, output] of Object.entries(outputs)) {
    if (output.entryPoint && file.endsWith(".js") && entries.includes(output.entryPoint)) {
      manifest[basename(output.entryPoint)] = file;
      preload[basename(output.entryPoint)] = [...firstLoad(outputs, file)].filter((it) => it !== file);
    }
    if (file.endsWith(".css") && output.entryPoint) manifest[basename(output.entryPoint)] = file;
    const font = file.match(/^(inter|newsreader)-latin-wght-normal\./);
    if (font) manifest[`${font[1]}.woff2`] = file;
  }
  compress();
  for (const [name, others] of Object.entries(preload)) {
    const size = (ending) => [manifest[name], ...others].reduce((sum, file) => sum + readFileSync(join(target, file + ending)).length, 0);
    console.log(`${name}: first load ${(size(".br") / 1000).toFixed(1)} kB brotli, ${(size(".gz") / 1000).toFixed(1)} kB gzip`);
    if (size(".gz") > firstLoadLimit) throw new Error(`${name} is over its ${firstLoadLimit / 1000} kB budget`);
  }
  // Written last and moved into place, so that a reader never meets half a build.
  writeFileSync(join(target, "manifest.json.new"), JSON.stringify({ files: manifest, preload }, null, 1));
  renameSync(join(target, "manifest.json.new"), join(target, "manifest.json"));
}

// A server that started on the last build still names its files: they stay for an hour.
function sweep() {
  const written = new Set(Object.values(JSON.parse(readFileSync(join(target, "manifest.json"))).files));
  for (const name of readdirSync(target)) {
    const age = Date.now() - statSync(join(target, name)).mtimeMs;
    if (age > 3_600_000 && !written.has(name.replace(/\.(br|gz)$/, ""))) rmSync(join(target, name), { recursive: true });
  }
}

mkdirSync(target, { recursive: true });
if (process.argv.includes("--watch")) {
  const finishing = { name: "finish", setup: (bundler) => bundler.onEnd((result) => { if (result.metafile) finish(result); }) };
  await (await context({ ...options, plugins: [...options.plugins, finishing] })).watch();
} else {
  finish(await build(options));
  sweep();
}
