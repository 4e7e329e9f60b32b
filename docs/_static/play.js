/* What there is to play with on the pages of the book.  nn.js computes.

An element <div class="play" id="play-NAME" hidden> is filled by the function
NAME below and shown; its data stand in it as JSON.  Nothing is requested.  All
that moves is drawn as SVG, in colours of the page; the figures in words beside
it say the same to those who hear the page. */

"use strict";

(() => {

  // Elements
  // --------

  const SVG = "http://www.w3.org/2000/svg";

  /* An element with attributes (a function listens) and children. */
  function h(tag, attributes = {}, ...children) {
    const [name, svg] = tag.startsWith("svg:") ? [tag.slice(4), true] : [tag];
    const element = svg ? document.createElementNS(SVG, name)
                        : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(key, value);
      else element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  }

  const set = (element, attributes) => Object.entries(attributes).forEach(
    ([key, value]) => element.setAttribute(key, value));

  const digits = (x, count = 4) =>
    Number.isFinite(x) ? x.toPrecision(count) : String(x);

  /* A labelled slider, number or choice; value() reads it. */
  function control(id, label, input, show = (value) => value) {
    set(input, {id});
    const output = h("output", {for: id});
    const number = input.tagName === "INPUT";
    // What is typed may lie out of bounds, or be no whole number.
    const value = () => !number ? input.value
      : input.type === "range" ? Number(input.value)
      : Math.min(input.max, Math.max(input.min,
                                     Math.trunc(Number(input.value))));
    const write = () => {
      output.textContent = input.type === "range" ? show(value()) : "";
    };
    input.addEventListener("input", write);
    write();
    return {value, input, set: (v) => { input.value = v; write(); },
            row: h("div", {class: "play-control"},
                   h("label", {for: id}, label), input, output)};
  }

  const slider = (min, max, step, value) =>
    h("input", {type: "range", min, max, step, value});

  const choice = (options) =>
    h("select", {}, ...options.map(
      (value) => h("option", {value}, value)));

  /* A picture with a viewBox; what is drawn on it, it clips. */
  const picture = (box, label, ...children) => h(
    "svg:svg", {viewBox: box.join(" "), role: "img", "aria-label": label,
                class: "play-picture"}, ...children);

  /* The title of something to play with, and a sentence that invites to it. */
  function invite(place, title, ...sentence) {
    const id = `${place.id}-title`;
    set(place, {role: "group", "aria-labelledby": id});
    place.append(h("p", {id, class: "play-title"}, title),
                 h("p", {}, ...sentence));
  }

  const calm = () =>
    matchMedia("(prefers-reduced-motion: reduce)").matches;

  /* Do a bit of work again and again, a few milliseconds at a time or so many
     bits, until it says that there is no more.  Between, the page is drawn
     and answers. */
  function worker(work, draw, bits = () => Infinity) {
    let timer = null;
    const turn = () => {
      const end = performance.now() + 12;
      let more = true, left = bits();
      do more = work(); while (more && --left > 0 && performance.now() < end);
      timer = more ? setTimeout(turn, 16) : null;
      draw(!more);
    };
    return {
      start: () => { if (timer === null) timer = setTimeout(turn, 0); },
      stop: () => { clearTimeout(timer); timer = null; },
      running: () => timer !== null,
    };
  }

  /* Losses by epoch as a line, on a logarithmic scale of so many decades. */
  function curve(losses, count, [left, top, width, height], [low, high]) {
    const y = (loss) => top + height * (1 - (Math.log10(
      Math.min(Math.max(loss, low), high)) - Math.log10(low))
      / (Math.log10(high) - Math.log10(low)));
    const every = Math.max(1, Math.floor(losses.length / 400));
    return losses.map((loss, i) => [i, loss])
      .filter(([i, loss]) => (i % every === 0 || i === losses.length - 1)
              && Number.isFinite(loss))
      .map(([i, loss]) =>
        `${(left + width * i / Math.max(count - 1, 1)).toFixed(2)},`
        + y(loss).toFixed(2)).join(" ");
  }

  /* The frame of such a picture, with its decades. */
  function decades([left, top, width, height], [low, high], what) {
    const parts = [h("svg:rect", {x: left, y: top, width, height,
                                  class: "play-frame"})];
    const count = Math.round(Math.log10(high / low));
    for (let i = 0; i <= count; i++) {
      const y = top + height * i / count;
      parts.push(
        h("svg:line", {x1: left, x2: left + width, y1: y, y2: y,
                       class: "play-grid"}),
        h("svg:text", {x: left - 4, y: y + 4, "text-anchor": "end"},
          String(Number((high / 10 ** i).toPrecision(1)))));
    }
    parts.push(h("svg:text", {x: left + width / 2, y: top + height + 16,
                              "text-anchor": "middle"}, what));
    return parts;
  }

  // Train it here: iris, and two digests
  // ------------------------------------

  function iris(place, {X, t, X_test, t_test, settings, epochs, book}) {
    const box = [44, 10, 340, 120], range = [0.01, 10];
    const line = h("svg:polyline", {class: "play-line"});
    const chart = picture(
      [0, 0, 400, 152], "The loss by epoch: no epoch yet",
      ...decades(box, range, "loss by epoch"), line);
    const now = h("p", {class: "play-now"}, "Not trained yet.");
    const status = h("p", {role: "status", class: "play-status"});
    const cells = {};
    const row = (name, label) => h(
      "tr", {}, h("th", {scope: "row"}, label),
      cells[name] = h("td", {}, "–"),
      h("td", {}, name === "digest" ? h("code", {}, book.digest)
                                    : digits(book[name])));
    const table = h(
      "div", {class: "play-table"}, h("table", {},
        h("thead", {}, h("tr", {}, h("th", {scope: "col"}, ""),
                         h("th", {scope: "col"}, "this page"),
                         h("th", {scope: "col"}, "the book"))),
        h("tbody", {}, row("digest", "SHA-256 of the parameters"),
          row("loss", "loss in the last epoch"),
          row("accuracy", "accuracy on the test flowers"))));
    let net = null, begun = 0;

    function draw(over) {
      const losses = net.loss_curve, last = losses[losses.length - 1];
      const {accuracy} = nn.evaluate(net, X_test, t_test);
      set(line, {points: curve(losses, epochs, box, range)});
      set(chart, {"aria-label": `The loss by epoch: ${digits(losses[0])} in `
        + `the first, ${digits(last)} in epoch ${losses.length}`});
      now.textContent = `Epoch ${losses.length} of ${epochs}, loss `
        + `${digits(last)}, test accuracy ${digits(accuracy)}`;
      if (over) end(last, accuracy);
    }

    function end(loss, accuracy) {
      const digest = nn.weights_sha256(net);
      cells.digest.replaceChildren(h("code", {}, digest));
      cells.loss.textContent = digits(loss);
      cells.accuracy.textContent = digits(accuracy);
      const equal = digest === book.digest;
      status.className = `play-status ${equal ? "play-equal" : "play-other"}`;
      status.textContent = (equal
        ? "Equal: the same 256 bits, and so the same bits in every weight."
        : "Not equal: this browser has computed something else.")
        + ` It took ${((performance.now() - begun) / 1000).toFixed(1)} s.`;
      button.textContent = "Train it again";
    }

    const work = worker(() => {
      nn.epoch(net);
      return net.loss_curve.length < epochs;
    }, draw);

    const button = h("button", {type: "button", click: () => {
      if (work.running()) {
        work.stop();
        status.textContent = `Stopped after epoch ${net.loss_curve.length}.`;
        button.textContent = "Train it here";
        return;
      }
      net = nn.start(X, t, settings);
      begun = performance.now();
      ["digest", "loss", "accuracy"].forEach((name) => {
        cells[name].textContent = "–";
      });
      status.className = "play-status";
      status.textContent = "";
      button.textContent = "Stop";
      work.start();
    }}, "Train it here");

    invite(place, "Train it here", "Your browser can train this network as "
           + "well, in another language. The book's digest is what Python "
           + "found when this page was made; the other will be yours.");
    place.append(h("div", {class: "play-buttons"}, button), now, chart,
                 table, status);
  }

  // Exclusive or
  // ------------

  const XOR = {learning_rate: 0.5, momentum: 0.9, hidden_size: 8,
               activation: "tanh", seed: 0};
  const EPOCHS = 400, CELLS = 40;

  function xor(place, {X, t}) {
    const controls = {
      learning_rate: control("xor-rate", "Learning rate",
                             slider(0.05, 3, 0.05, 0.5)),
      momentum: control("xor-momentum", "Momentum",
                        slider(0, 0.95, 0.05, 0.9)),
      hidden_size: control("xor-units", "Hidden units", slider(1, 16, 1, 8)),
      activation: control("xor-activation", "Activation",
                          choice(["tanh", "sigmoid", "relu"])),
      seed: control("xor-seed", "Seed", h("input", {
        type: "number", min: 0, max: 99999, step: 1, value: 0})),
    };
    const time = control("xor-epoch", "Epoch", slider(0, 0, 1, 0));
    const squares = h("svg:g");
    const lines = h("svg:g", {class: "play-units"});
    const plane = picture(
      [0, 0, 200, 200], "", squares, lines, ...X.map(([a, b], r) =>
        t[r] ? h("svg:circle", {cx: 50 + 100 * a, cy: 150 - 100 * b, r: 6,
                                class: "play-one play-corner"})
             : h("svg:rect", {x: 44 + 100 * a, y: 144 - 100 * b, width: 12,
                              height: 12, class: "play-zero play-corner"})));
    const box = [44, 10, 140, 150], range = [0.0001, 10];
    const line = h("svg:polyline", {class: "play-line"});
    const here = h("svg:line", {y1: 10, y2: 160, class: "play-here"});
    const chart = picture([0, 0, 200, 200], "",
                          ...decades(box, range, "loss by epoch"), line, here);
    const now = h("p", {class: "play-now"});
    const status = h("p", {role: "status", class: "play-status"});
    const link = h("a", {}, "Link to these settings");

    // Each cell of the plane is a square of its own, made once.
    const middles = Array.from({length: CELLS ** 2}, (_, i) => [
      -0.5 + 2 * (i % CELLS + 0.5) / CELLS,
      1.5 - 2 * (Math.floor(i / CELLS) + 0.5) / CELLS]);
    const size = 200 / CELLS;
    const cells = middles.map((_, i) => h("svg:rect", {
      x: i % CELLS * size, y: Math.floor(i / CELLS) * size,
      width: size, height: size, "shape-rendering": "crispEdges"}));
    squares.append(...cells);

    let net = null, past = [];

    const keep = () => past.push(
      {M1: net.M1.map((row) => row.slice()),
       M2: net.M2.map((row) => row.slice()), activation: net.activation});

    const settings = () => Object.fromEntries(
      Object.entries(controls).map(([name, {value}]) => [name, value()]));

    /* Draw the network as it was after an epoch. */
    function show(epoch) {
      const then = past[epoch];
      nn.logits(then, middles).forEach(([z], i) => {
        const p = nn.sigmoid(z);
        set(cells[i], {
          class: p > 0.5 ? "play-one" : "play-zero",
          "fill-opacity": (0.1 + 1.2 * Math.abs(p - 0.5)).toFixed(2)});
      });
      const [u, v, bias] = then.M1;
      lines.replaceChildren(...u.map((_, j) => unit(u[j], v[j], bias[j])));
      const found = nn.logits(then, X);
      const right = found.filter(([z], r) => Number(z > 0) === t[r]).length;
      const loss = nn.evaluate(then, X, t).loss;
      set(plane, {"aria-label": `The plane after epoch ${epoch}: `
        + `${right} of 4 corners are on their side of the boundary`});
      set(chart, {"aria-label": `The loss by epoch: ${digits(loss)} after `
        + `epoch ${epoch}`});
      now.textContent = `After epoch ${epoch}: loss ${digits(loss)}, `
        + `${right} of 4 right`;
      const x = 44 + 140 * epoch / (EPOCHS - 1);
      set(here, {x1: x, x2: x});
    }

    /* Where the sum of a hidden unit is zero: u x + v y + bias = 0. */
    function unit(u, v, bias) {
      const far = 4 * (Math.abs(u) + Math.abs(v)) || 1;
      const square = u * u + v * v || 1;
      const [x, y] = [-u * bias / square, -v * bias / square];
      const [a, b] = [v / far * 16, -u / far * 16];
      return h("svg:line", {
        x1: 50 + 100 * (x - a), y1: 150 - 100 * (y - b),
        x2: 50 + 100 * (x + a), y2: 150 - 100 * (y + b)});
    }

    function more() {
      const loss = nn.epoch(net);
      keep();
      return Number.isFinite(loss) && past.length <= EPOCHS;
    }

    function draw(over) {
      if (calm() && !over) return;
      const epoch = past.length - 1;
      set(time.input, {max: epoch});
      time.set(epoch);
      set(line, {points: curve(net.loss_curve, EPOCHS, box, range)});
      show(epoch);
      if (!over) return;
      button.textContent = "Train it again";
      status.textContent = Number.isFinite(net.loss_curve[epoch - 1])
        ? "Trained: " + now.textContent.split(", ")[1] + "."
        : `Diverged in epoch ${epoch}: the loss is no number any more.`;
    }

    // A few epochs at a time, so that the eye can follow.
    const work = worker(more, draw, () => calm() ? Infinity : 4);

    function restart() {
      work.stop();
      const chosen = settings();
      net = nn.start(X, t, {...chosen, batch_size: null});
      past = [];
      keep();
      const hash = `#play-xor?${new URLSearchParams(chosen)}`;
      set(link, {href: hash});
      status.textContent = "";
      set(line, {points: ""});
      set(time.input, {max: 0});
      time.set(0);
      show(0);
    }

    function train() {
      restart();
      button.textContent = "Stop";
      work.start();
    }

    const button = h("button", {type: "button", click: () => {
      if (!work.running()) { train(); return; }
      work.stop();
      button.textContent = "Train it";
      status.textContent = "Stopped.";
    }}, "Train it");

    const reset = h("button", {type: "button", click: () => {
      Object.entries(XOR).forEach(([name, v]) => controls[name].set(v));
      train();
    }}, "As in the book");

    Object.values(controls).forEach(({input}) =>
      input.addEventListener("change", train));
    time.input.addEventListener("input", () => {
      if (work.running()) button.click();
      show(time.value());
    });
    link.addEventListener("click", (event) => {
      event.preventDefault();
      history.replaceState(null, "", link.getAttribute("href"));
      status.textContent = "The address of this page now has the settings.";
    });

    invite(place, "Try it", "The colours are the network's answers, and each "
           + "dashed line is where the sum of one hidden unit is zero. What "
           + "you change trains it anew; the last slider goes back through "
           + "the epochs.");
    place.append(
      h("div", {class: "play-controls"},
        ...Object.values(controls).map(({row}) => row)),
      h("div", {class: "play-buttons"}, button, reset, link),
      h("div", {class: "play-pictures"}, plane, chart), time.row, now,
      status);
    read_hash("play-xor", controls, place);
    restart();
  }

  /* Take settings from a link, each within the bounds of its control. */
  function read_hash(id, controls, place) {
    const [name, query] = location.hash.slice(1).split("?");
    if (name !== id) return;
    for (const [key, text] of new URLSearchParams(query)) {
      const known = controls[key];
      if (!known) continue;
      const before = known.value();
      known.set(text);
      if (!known.input.value || !known.input.checkValidity()) {
        known.set(before);
      }
    }
    requestAnimationFrame(() => place.scrollIntoView());
  }

  // The ravine
  // ----------

  const STEEP = [1, 25], STEPS = 60;

  function ravine(place) {
    const [low, high] = [0.002, 0.17];
    const rate = control("ravine-rate", "Learning rate",
                         slider(low, high, 0.002, 0.03),
                         (value) => value.toFixed(3));
    const momentum = control("ravine-momentum", "Momentum",
                             slider(0, 0.95, 0.05, 0.7),
                             (value) => value.toFixed(2));
    const mark = h("span", {class: "play-mark", "aria-hidden": "true"});
    rate.row.append(h("span", {class: "play-track"}, mark));
    const path = h("svg:polyline", {class: "play-line"});
    const points = h("svg:g", {class: "play-points"});
    const rings = [1, 4, 9, 16, 25, 36].map((level) => h("svg:ellipse", {
      cx: 0, cy: 0, rx: Math.sqrt(2 * level / STEEP[0]),
      ry: Math.sqrt(2 * level / STEEP[1]), class: "play-ring"}));
    const plane = picture([-4.8, -2, 7.2, 4], "", ...rings, path, points,
                          h("svg:circle", {cx: 0, cy: 0, r: 0.1,
                                           class: "play-one"}));
    plane.classList.add("play-wide");
    const now = h("p", {class: "play-now", role: "status"});

    function walk() {
      const theta = [[-4, 1.5]], velocity = [[0, 0]], seen = [[-4, 1.5]];
      for (let i = 0; i < STEPS; i++) {
        const gradient = [theta[0].map((x, j) => STEEP[j] * x)];
        nn.step(theta, gradient, velocity, rate.value(), momentum.value());
        seen.push(theta[0].slice());
      }
      return seen;
    }

    function draw() {
      const limit = 2 * (1 + momentum.value()) / STEEP[1];
      const seen = walk().map((point) => point.map((x) =>
        Math.max(-1e4, Math.min(1e4, x))));
      const text = seen.map(([x, y]) => `${x.toFixed(4)},${(-y).toFixed(4)}`);
      set(path, {points: text.join(" ")});
      points.replaceChildren(...seen.map(([x, y]) => h(
        "svg:circle", {cx: x, cy: -y, r: 0.05})));
      mark.style.left = `${100 * (limit - low) / (high - low)}%`;
      const [x, y] = seen[STEPS], distance = Math.hypot(x, y);
      const diverges = rate.value() >= limit;
      place.classList.toggle("play-diverges", diverges);
      now.textContent = `With a momentum of ${momentum.value().toFixed(2)} it `
        + `diverges from a learning rate of ${limit.toFixed(3)} on. `
        + (diverges ? "This one is there or beyond: the steps do not come to "
                      + "rest."
                    : `Here, ${STEPS} steps end ${digits(distance, 2)} from `
                      + "the bottom.");
      set(plane, {"aria-label": `A ravine seen from above, and ${STEPS} steps `
        + "down it with these settings" + (diverges ? "; they lead away" : "")
      });
    }

    [rate, momentum].forEach(({input}) =>
      input.addEventListener("input", draw));
    invite(place, "Try it", "SGD in the ravine, with settings of your own. "
           + "Beyond the mark below the slider every step leads farther "
           + "away.");
    place.append(h("div", {class: "play-controls"}, rate.row, momentum.row),
                 plane, now);
    draw();
  }

  for (const [name, fill] of Object.entries({iris, xor, ravine})) {
    const place = document.getElementById(`play-${name}`);
    if (!place) continue;
    const data = place.querySelector("script").textContent;
    fill(place, JSON.parse(data));
    place.hidden = false;
  }
})();
