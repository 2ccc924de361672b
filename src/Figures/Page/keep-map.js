"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = id => document.getElementById(id);
const streamNames = data.samples[0].images.length === 2 ? ["left image", "right image", "statement"] : ["image", "", "text"];
const scoreNames = () => [["cls", "S_cls"], ["self", "S_self"], ["align", "S_token"], ["tis", run().score]]; // a rival decides by its own
const depth = data.samples[0].runs[0].streams[0].length;

// What is shown: sample, block (from 1), temperature, colour, and a token as [stream, position]; −b is the token that block b merged into.
const state = { sample: 0, block: depth, temperature: 0, colour: "", token: null };

const sample = () => data.samples[state.sample];
const run = () => sample().runs[state.temperature];
const streams = () => sample().images.length === 2 ? [0, 1, 2] : [0, 2];
const layersOf = stream => run().streams[stream];
const layerOf = (stream, block) => layersOf(stream)[Math.min(block, layersOf(stream).length) - 1];
const number = value => value === null || value === undefined ? "–" : (value * data.unit).toFixed(5);
const temperature = () => run().name ?? (data.temperatures[state.temperature] === null ? "nothing pruned" : `T = ${Number(data.temperatures[state.temperature].toPrecision(4))}`);
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// ---- what became of a token

// Where a token was judged: block and place in that block's list, for every block it came to.
function judged(stream, position) {
  const found = [];
  for (let block = 1; block <= layersOf(stream).length; block++) {
    const place = layerOf(stream, block).at.indexOf(position);
    if (place >= 0) found.push({ block, place, layer: layerOf(stream, block), kept: layerOf(stream, block).kept[place] === "1" });
  }
  return found;
}

// kept, now (pruned in the block shown), before, always (never judged: it stands for the sequence) or later (not made yet).
function fate(stream, position) {
  const found = judged(stream, position);
  const gone = found.find(each => !each.kept);
  if (position < 0 && -position > state.block) return "later";
  if (position < 0 && -position === state.block) return "kept";
  if (!found.length) return position < 0 ? "before" : "always";
  if (gone && gone.block < state.block) return "before";
  return gone && gone.block === state.block ? "now" : "kept";
}

// Blocks up to the one shown that merged something, so that their merged token was made.
function mergedBlocks(stream) {
  if (!run().adds) return [];
  const blocks = [];
  for (let block = 1; block <= Math.min(state.block, layersOf(stream).length); block++) {
    if (layerOf(stream, block).kept.includes("0")) blocks.push(block);
  }
  return blocks;
}

// What a merged token took in: plain tokens and older merged ones, counted.
function content(stream, block) {
  const layer = layerOf(stream, block);
  return layer.at.filter((_, i) => layer.kept[i] === "0").length;
}

function countKept(stream) {
  const layer = layerOf(stream, state.block);
  return layer.at.filter((position, i) => position >= 0 && layer.kept[i] === "1").length;
}

// ---- building what stays for a sample

function token(stream, position, kind) {
  return element("button", { type: "button", class: kind, "data-stream": stream, "data-position": position, tabindex: -1 });
}

function buildCards() {
  const cards = document.querySelector(".cards");
  data.samples.forEach((each, i) => {
    const input = element("input", { type: "radio", name: "sample", value: i });
    input.addEventListener("change", () => show({ sample: i }));
    const thumbs = element("span", { class: "thumbs" }, ...each.images.map(source => element("img", { src: source, alt: "" })));
    cards.append(element("label", { class: "card", title: each.sentence }, input, thumbs, element("b", {}, each.sentence)));
  });
}

function buildPair() {
  const { images, columns, rows, words, sentence } = sample();
  byId("statement").textContent = `“${sentence}”`;
  document.querySelector(".images").replaceChildren(...images.map((source, stream) => {
    const grid = element("div", { class: "grid", role: "group", "aria-label": `Patches of the ${streamNames[stream]}` });
    grid.style.gridTemplateColumns = `repeat(${columns}, 1fr)`;
    grid.style.backgroundImage = `url(${source})`;
    for (let i = 0; i < columns * rows; i++) grid.append(token(stream, i, "patch"));
    return element("figure", { "data-stream": stream }, element("figcaption"), grid, element("div", { class: "mergeds" }));
  }));
  const list = element("div", { class: "words", role: "group", "aria-label": "Words of the statement" });
  words.forEach((word, i) => {
    const made = token(2, i, "word");
    made.textContent = word;
    list.append(made);
  });
  document.querySelector(".text").replaceChildren(element("figure", { "data-stream": 2 }, element("figcaption"), list, element("div", { class: "mergeds" })));
}

// ---- drawing the state

function drawStream(stream) {
  const figure = document.querySelector(`figure[data-stream="${stream}"]`);
  const layer = layerOf(stream, state.block);
  const all = stream === 2 ? sample().words.length : sample().columns * sample().rows;
  const always = stream === 2 ? all - layerOf(stream, 1).at.length : 0;
  const caption = figure.querySelector("figcaption");
  caption.replaceChildren(element("span", {}, streamNames[stream]), element("span", { class: "count" }, `${countKept(stream) + always} of ${all} kept`));
  drawMerged(figure.querySelector(".mergeds"), stream);
  const scores = state.colour ? layer[state.colour] : null;
  const known = scores ? scores.filter(score => score !== null) : [];
  const least = Math.min(...known), most = Math.max(...known); // a rival's may all be below 0
  for (const each of figure.querySelectorAll(".patch, .word")) {
    const position = Number(each.dataset.position);
    const is = fate(stream, position);
    const kind = stream === 2 ? "word" : "patch";
    const place = layer.at.indexOf(position);
    const heat = kind === "patch" && scores && place >= 0 && scores[place] !== null;
    each.className = `${kind} ${is}${heat ? " heat" : ""}`;
    if (heat) each.style.setProperty("--heat", state.colour === "claim" ? hue(scores[place]) : warm(most > least ? (scores[place] - least) / (most - least) : 1));
    each.setAttribute("aria-label", `${nameOf(stream, position)}: ${fateName(is)}`);
  }
}

function drawMerged(list, stream) {
  const made = mergedBlocks(stream).map(block => {
    const each = token(stream, -block, `merged ${fate(stream, -block)}`);
    each.textContent = `block ${block}: ${content(stream, block)} → 1`;
    each.setAttribute("aria-label", `${nameOf(stream, -block)}: ${fateName(fate(stream, -block))}`);
    return each;
  }).filter(each => each.classList.contains("kept") || each.classList.contains("now"));
  const same = made.map(each => each.outerHTML).join("");
  if (list.dataset.made === same) return; // a button that has the focus must stay the same button
  list.dataset.made = same;
  list.replaceChildren(...(made.length ? ["merged tokens", ...made] : []));
}

function warm(share) {
  const stops = [[59, 15, 112], [140, 41, 129], [222, 73, 104], [254, 159, 109], [252, 243, 166]];
  const at = clamp(share, 0, 1) * (stops.length - 1), low = Math.min(Math.floor(at), stops.length - 2), part = at - low;
  return `rgba(${stops[low].map((from, i) => Math.round(from + part * (stops[low + 1][i] - from))).join(",")},.82)`;
}

// Neighbouring numbers far apart, by the golden angle.
const hue = number => `hsl(${number * 137.5 % 360} 70% 50% / .6)`;

function nameOf(stream, position) {
  if (position < 0) return `${streamNames[stream]}, merged token of block ${-position}`;
  if (stream === 2) return `word ${position + 1}, “${sample().words[position]}”`;
  const { columns } = sample();
  return `${streamNames[stream]}, row ${Math.floor(position / columns) + 1}, column ${position % columns + 1}`;
}

const fateName = is => ({ kept: "kept", now: "pruned in this block", before: "pruned before", always: "always stays", later: "not made yet" })[is];

function drawToken() {
  const [stream, position] = state.token;
  document.querySelectorAll(".current").forEach(each => each.classList.remove("current"));
  const found = judged(stream, position);
  const last = found.filter(each => each.block <= state.block).at(-1);
  const here = element("h2", {}, nameOf(stream, position));
  const parts = [here, verdict(stream, position, last)];
  if (last) parts.push(bars(last));
  if (found.length) parts.push(throughBlocks(found));
  byId("token").replaceChildren(...parts);
  const chosen = document.querySelector(`[data-stream="${stream}"][data-position="${position}"]`);
  document.querySelectorAll("button[data-position]").forEach(each => each.tabIndex = -1);
  for (const figure of document.querySelectorAll("figure")) {
    const enters = chosen && figure.contains(chosen) ? chosen : figure.querySelector("button[data-position]");
    if (enters) enters.tabIndex = 0;
  }
  chosen?.classList.add("current");
}

function verdict(stream, position, last) {
  const is = fate(stream, position);
  if (!last) return element("p", { class: "verdict" }, is === "always" ? "Always stays: it stands for the whole statement." : `Made by block ${-position}, out of ${content(stream, -position)} tokens.`);
  const tis = last.layer.tis[last.place], theta = last.layer.theta;
  const compared = theta === null ? "" : `: ${run().score} ${tis > theta ? ">" : "≤"} θ`;
  if (!last.kept) return element("p", { class: "verdict no" }, `${last.block < state.block ? "Gone since" : "Pruned in"} block ${last.block}${compared}. ${run().fate}`);
  const why = theta !== null && tis <= theta ? data.temperatures[state.temperature] === null ? " (nothing is pruned in this view)" : " (kept all the same: merging one token alone saves nothing)" : "";
  return element("p", { class: "verdict yes" }, `Kept in block ${last.block}${compared}${why}.`);
}

function bars({ block, layer, place }) {
  const all = [0, layer.theta ?? 0, ...scoreNames().flatMap(([key]) => layer[key] ?? [])];
  const least = Math.min(...all), most = Math.max(...all);
  const share = score => `${100 * (score - least) / (most - least)}%`;
  const rows = scoreNames().filter(([key]) => layer[key]).flatMap(([key, label]) => {
    const fill = element("i");
    fill.style.width = share(layer[key][place]);
    fill.style.background = `var(--${key})`;
    const bar = element("div", { class: "bar", "aria-hidden": "true" }, fill);
    if (key === "tis" && layer.theta !== null) {
      const mark = element("u");
      mark.style.left = `calc(${share(layer.theta)} - 1px)`;
      bar.append(mark);
    }
    return [element("dt", {}, label), bar, element("dd", { "data-score": key }, number(layer[key][place]))];
  });
  if (layer.theta !== null) rows.push(element("dt", {}, "θ"), element("div"), element("dd", { "data-score": "theta" }, number(layer.theta)));
  const rank = 1 + layer.tis.filter(tis => tis > layer.tis[place]).length;
  if (layer.claim) rows.push(element("dt", {}, "token E"), element("div"), element("dd", { "data-score": "claim" }, `${layer.claim[place] + 1} looks hardest`));
  rows.push(element("dt", {}, "rank"), element("div"), element("dd", {}, `${rank} of ${layer.tis.length}`));
  return element("dl", { class: "scores", "data-block": block }, ...rows);
}

function throughBlocks(found) {
  const rows = found.map(each => element("tr", each.block === state.block ? { class: "here" } : {},
    element("th", { scope: "row" }, `block ${each.block}`),
    element("td", {}, number(each.layer.tis[each.place])),
    element("td", {}, number(each.layer.theta)),
    element("td", {}, each.kept ? "kept" : run().adds ? "merged" : "pruned")));
  const head = element("tr", {}, ...["", run().score, "θ", ""].map(text => element("th", { scope: "col" }, text)));
  return element("table", {}, element("caption", {}, "Through the blocks"), element("thead", {}, head), element("tbody", {}, ...rows));
}

function drawOutcome() {
  const { label } = sample(), { macs, yes } = run();
  const says = yes > 0.5;
  const cost = `${temperature()}: ${(100 * macs).toFixed(0)} % of the plain model’s MACs.`;
  if (run().says) {
    byId("outcome").textContent = `${cost} ${run().says}`;
    return;
  }
  const truth = label === null ? "." : `; the statement is ${label ? "true" : "false"}, so it is ${says === label ? "right" : "wrong"}.`;
  byId("outcome").textContent = `${cost} The model says ${says ? "true" : "false"} (${(100 * (says ? yes : 1 - yes)).toFixed(1)} %)${truth}`;
}

function draw() {
  byId("block").value = state.block;
  byId("block-value").textContent = `${state.block} of ${depth}`;
  byId("temperature").value = state.temperature;
  byId("temperature-value").textContent = temperature();
  byId("temperature").setAttribute("aria-valuetext", temperature());
  byId("colour").value = state.colour;
  byId("colour").querySelector("[value=tis]").textContent = run().score === "TIS" ? "TIS, the mean of the three" : `what decides: ${run().score}`;
  document.querySelectorAll(".card input")[state.sample].checked = true;
  streams().forEach(drawStream);
  drawToken();
  drawOutcome();
}

// ---- changing the state; the address keeps it, so that a view can be sent on

function exists([stream, position]) {
  const all = stream === 2 ? sample().words.length : sample().columns * sample().rows;
  return position < 0 ? mergedBlocks(stream).includes(-position) : position < all;
}

// On a narrow screen the cards stand in a strip that is moved sideways; the page itself must not move.
function bringCardIntoView() {
  const strip = document.querySelector(".cards"), card = strip.children[state.sample];
  strip.scrollLeft = card.offsetLeft - strip.offsetLeft - (strip.clientWidth - card.clientWidth) / 2;
}

function mostImportant() {
  const layer = layerOf(0, 1), scores = layer.tis.map(tis => tis ?? -Infinity); // a rival that matches tokens has no scores
  return [0, layer.at[Math.max(0, scores.indexOf(Math.max(...scores)))]];
}

function show(change) {
  const other = change.sample !== undefined && change.sample !== state.sample;
  Object.assign(state, change);
  if (other || !document.querySelector("figure")) {
    buildPair();
    bringCardIntoView();
  }
  if (!state.token || !exists(state.token)) state.token = mostImportant();
  draw();
  const address = new URLSearchParams({ sample: state.sample + 1, block: state.block, temperature: state.temperature + 1, token: state.token.join(".") });
  if (state.colour) address.set("colour", state.colour);
  keepAddress(`#${address}`);
}

function keepAddress(address) {
  try { window.history.replaceState(null, "", address); } catch { /* a page inside another page may not */ }
}

function fromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const whole = (key, low, high, otherwise) => /^\d+$/.test(asked.get(key) ?? "") ? clamp(Number(asked.get(key)), low, high) : otherwise;
  const named = /^([012])\.(-?\d+)$/.exec(asked.get("token") ?? "");
  return {
    sample: whole("sample", 1, data.samples.length, 1) - 1,
    block: whole("block", 1, depth, depth),
    temperature: whole("temperature", 1, data.temperatures.length, (data.samples[0].opens ?? Math.ceil(data.temperatures.length / 2) - 1) + 1) - 1,
    colour: ["tis", "cls", "self", "align", "claim"].includes(asked.get("colour")) ? asked.get("colour") : "",
    token: named ? [Number(named[1]), Number(named[2])] : null,
  };
}

// ---- pointer and keys

function pointed(event) {
  const at = event.target.closest?.("button[data-position]");
  if (!at) return;
  const token = [Number(at.dataset.stream), Number(at.dataset.position)];
  if (String(token) !== String(state.token)) show({ token });
}

function moved(event) {
  const at = event.target.closest("button[data-position]");
  if (!at) return;
  const all = [...at.closest("figure").querySelectorAll("button[data-position]")];
  const columns = at.classList.contains("patch") ? sample().columns : 1;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -Infinity, End: Infinity };
  if (!(event.key in steps)) return;
  event.preventDefault();
  all[clamp(all.indexOf(at) + steps[event.key], 0, all.length - 1)].focus();
}

byId("block").max = depth;
byId("temperature").max = data.temperatures.length - 1;
buildCards();
byId("block").addEventListener("input", event => show({ block: Number(event.target.value) }));
byId("temperature").addEventListener("input", event => show({ temperature: Number(event.target.value) }));
byId("colour").addEventListener("change", event => show({ colour: event.target.value }));
byId("pair").addEventListener("pointerover", pointed);
byId("pair").addEventListener("focusin", pointed);
byId("pair").addEventListener("click", pointed);
byId("pair").addEventListener("keydown", moved);
window.addEventListener("hashchange", () => show(fromAddress()));
show(fromAddress());
