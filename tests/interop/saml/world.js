// What the peers in JavaScript share: names and keys, and the loop around `make KIND` and `judge KIND`.
"use strict";

const fs = require("fs");
const path = require("path");

const world = JSON.parse(fs.readFileSync(path.join(__dirname, "world.json"), "utf8"));
const key = (name) => fs.readFileSync(path.join(__dirname, "../../../fixtures/keys", name), "utf8");

// A form as a browser sends it.
function form(parameter, message) {
  return new URLSearchParams({ [parameter]: message, RelayState: world.relay_state }).toString();
}

// The query string of a URL, or what is one already.
function queryOf(text) {
  return text.includes("?") ? text.slice(text.indexOf("?") + 1) : text;
}

async function run(make, judge) {
  const [command, kind] = process.argv.slice(2);
  if (command === "make") {
    process.stdout.write(await make(kind));
    return;
  }
  try {
    const told = await judge(kind, fs.readFileSync(0, "utf8"));
    if (!told) throw new Error("nothing was told");
    process.stdout.write(told);
  } catch (error) {
    process.stderr.write(`${error && error.stack ? error.stack : error}\n`);
    process.exitCode = 1;
  }
}

module.exports = { form, key, queryOf, run, world };
