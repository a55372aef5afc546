/**
 * Builds static/vendor/ from what package-lock.json pins; with --check, says what the committed build differs in.
 *
 * Each file beside this one names what we take of a package, and becomes one minified file of the same name. The
 * manifest tells for each what went into it and its sha256; LICENSES.txt holds the licences.
 */

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, version } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HERE = join(ROOT, "tools/vendor");
const OUT = join(ROOT, "static/vendor");
const ENTRIES = ["codemirror.js", "dagre.js", "diagram.css", "diagram.js"];
// What runs in the browser from before a script can say anything about itself; esbuild spells newer syntax out.
const TARGET = ["chrome123", "firefox120", "safari17.5"];

// dagre's own build holds its graph library already, so esbuild cannot see it.
const CONTAINED = new Map([["@dagrejs/dagre", "@dagrejs/graphlib"]]);

/** The package that a bundled file belongs to, as its folder under node_modules. @param {string} input */
function packageOf(input) {
  const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
  return found?.[1];
}

/** @param {string[]} inputs */
function packagesOf(inputs) {
  const names = inputs.map(packageOf).filter((each) => each !== undefined);
  const contained = names.map((each) => CONTAINED.get(each)).filter((each) => each !== undefined);
  return [...new Set([...names, ...contained])].sort();
}

/** @param {string} name */
async function describe(name) {
  const { version, license } = JSON.parse(
    await readFile(join(ROOT, "node_modules", name, "package.json"), "utf8"),
  );
  return { name, version, license };
}

/** @param {string} name */
async function licenceOf(name) {
  const folder = join(ROOT, "node_modules", name);
  const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
  if (!file)
    throw new Error(`${name} comes without a licence text; vendor another package or add its text by hand.`);
  return (await readFile(join(folder, file), "utf8")).replaceAll("\r\n", "\n").trim();
}

/** Every file of static/vendor/ by name, as it should be. @returns {Promise<Map<string, string>>} */
async function built() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES.map((name) => join(HERE, name)),
    outdir: OUT,
    bundle: true,
    minify: true,
    format: "esm",
    target: TARGET,
    charset: "utf8",
    legalComments: "none", // LICENSES.txt has them whole
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  /** @type {Map<string, string>} */
  const files = new Map();
  /** @type {Record<string, {sha256: string, packages: {name: string, version: string, license: string}[]}>} */
  const manifest = {};
  const all = new Set();
  for (const [path, { inputs }] of Object.entries(metafile.outputs)) {
    const name = basename(path);
    const text = outputFiles.find((each) => basename(each.path) === name)?.text ?? "";
    const packages = packagesOf(Object.keys(inputs));
    for (const each of packages) all.add(each);
    files.set(name, text);
    manifest[name] = {
      sha256: createHash("sha256").update(text).digest("hex"),
      packages: await Promise.all(packages.map(describe)),
    };
  }
  const about = { built_by: `npm run vendor, with esbuild ${version}`, files: manifest };
  files.set("manifest.json", `${JSON.stringify(about, null, 2)}\n`);
  const licences = await Promise.all(
    [...all].sort().map(async (name) => `## ${name}\n\n${await licenceOf(name)}\n`),
  );
  files.set("LICENSES.txt", licences.join("\n"));
  return files;
}

/** @param {Map<string, string>} files */
async function differences(files) {
  const there = new Set(await readdir(OUT));
  const wrong = [...there]
    .filter((name) => !files.has(name))
    .map((name) => `${name} is not built from anything`);
  for (const [name, text] of files) {
    if (!there.has(name)) wrong.push(`${name} is missing`);
    else if ((await readFile(join(OUT, name), "utf8")) !== text) wrong.push(`${name} is another one`);
  }
  return wrong;
}

const files = await built();
if (process.argv.includes("--check")) {
  const wrong = await differences(files);
  if (wrong.length) {
    console.error(
      `static/vendor/ is not what package-lock.json gives: ${wrong.join("; ")}. npm run vendor builds it.`,
    );
    process.exit(1);
  }
  console.log(`static/vendor/ is what package-lock.json gives (${files.size} files).`);
} else {
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  for (const [name, text] of files) await writeFile(join(OUT, name), text);
}
