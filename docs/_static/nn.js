/* nn.py with portable arithmetic, once more, in another language.

Numbers in JavaScript are the floats of IEEE 754, and a single addition,
subtraction, multiplication, division or square root is rounded as everywhere
else.  That is all this file uses: no Math.exp, no Math.tanh, nothing that
adds up in an order of its own.  So it reaches the bits of nn.py, in float64.

Read it beside nn.py.  What has the same name does the same thing.  A matrix is
an array of rows here, and a loop stands where NumPy has none; the four
arrays of parameters are two matrices, each with its biases as the last row.
Random numbers and SHA-256, which Python has ready, come at the end. */

"use strict";

const nn = (() => {

  // Sums in a fixed order
  // ---------------------

  /* Add up an array of terms, at least one, and overwrite them. */
  function fold(terms) {
    for (let count = terms.length; count > 1;) {
      const half = Math.ceil(count / 2);
      for (let i = half; i < count; i++) terms[i - half] += terms[i];
      count = half;
    }
    return terms[0];
  }

  const total = (terms) => fold(terms.slice());

  // Matrix products
  // ---------------

  const STRETCH = 128;

  const transpose = (a) => a[0].map((_, j) => a.map((row) => row[j]));

  /* The matrix product of a (n, K) and b (K, m). */
  function dot(a, b) {
    const columns = transpose(b);
    return a.map((row) => columns.map((column) => {
      let sum = 0;
      for (let k = 0; k < row.length; k += STRETCH) {
        const terms = row.slice(k, k + STRETCH);
        for (let i = 0; i < terms.length; i++) terms[i] *= column[k + i];
        sum += fold(terms);
      }
      return sum;
    }));
  }

  // The exponential
  // ---------------
  //
  // A float is taken apart and put together through its two halves of 32
  // bits.  The upper one begins with sign and exponent.

  const view = new DataView(new ArrayBuffer(8));

  const LN2_HIGH = 0.6931471805598903, LN2_LOW = 5.497923018708371e-14;
  const PER_LN2 = 1 / (LN2_HIGH + LN2_LOW);
  const SHIFT = 1.5 * 4503599627370496 + 2 * 1023;
  const TAYLOR = [];
  for (let k = 2, factorial = 2; k <= 13; factorial *= ++k) {
    TAYLOR.unshift(1 / factorial);
  }

  /* The whole number n and q, with e^x = 2^n (1 + q). */
  function reduced(x) {
    const n = x * PER_LN2 + SHIFT - SHIFT;
    const high = x - n * LN2_HIGH, low = n * LN2_LOW;
    const r = high - low;
    let q = r * TAYLOR[0];
    for (let i = 1; i < TAYLOR.length; i++) q = (q + TAYLOR[i]) * r;
    return [n, high + (q * r - low)];
  }

  /* 2^n, for an n from -1022 to 1023. */
  function power(n) {
    view.setUint32(0, (n + 1023) << 20);
    view.setUint32(4, 0);
    return view.getFloat64(0);
  }

  function exp(x) {
    const [n, q] = reduced(Math.min(Math.max(x, -746), 710));
    const half = Math.floor(n / 2);
    return (1 + q) * power(half) * power(n - half);
  }

  // The hyperbolic tangent
  // ----------------------

  function tanh(x) {
    const [n, q] = reduced(Math.min(2 * Math.abs(x), 44));
    const t = power(n) * q + (power(n) - 1);
    return copysign(t / (t + 2), x);
  }

  const copysign = (value, sign) =>
    (sign < 0 || Object.is(sign, -0)) ? -Math.abs(value) : Math.abs(value);

  // The logarithm
  // -------------

  const ROOT = 0x3FE6A09E;

  function log1p(x) {
    if (x === Infinity) return x;
    if (x === -1) return -Infinity;
    if (x < -1) return NaN;
    const u = 1 + x;
    view.setFloat64(0, u);
    const e = (view.getInt32(0) - ROOT) >> 20;
    view.setInt32(0, view.getInt32(0) - (e << 20));
    const f = view.getFloat64(0) - 1;
    const s = f / (2 + f);
    const square = s * s;
    let R = square * (2 / 21);
    for (let odd = 19; odd > 1; odd -= 2) R = (R + 2 / odd) * square;
    const low = e * LN2_LOW + (x - (u - 1)) / u;
    return copysign(e * LN2_HIGH + (f - (s * (f - R) - low)), x);
  }

  // Activations
  // -----------

  function sigmoid(z) {
    const positive = z >= 0;
    const e = exp(positive ? -z : z);
    return (positive ? 1 : e) / (1 + e);
  }

  const relu = (z) => z > 0 ? z : 0;

  const ACTIVATIONS = {
    sigmoid: [sigmoid, (a) => a * (1 - a)],
    tanh: [tanh, (a) => 1 - a * a],
    relu: [relu, (a) => a > 0 ? 1 : 0],
  };

  const largest = (z) => z.indexOf(Math.max(...z));

  function softmax(z) {
    const top = z[largest(z)];
    const e = z.map((number) => exp(number - top));
    const sum = total(e);
    return e.map((number) => number / sum);
  }

  function log_softmax(z) {
    const top = largest(z);
    const shifted = z.map((number) => number - z[top]);
    const e = shifted.map(exp);
    e[top] = 0;
    const rest = log1p(total(e));
    return shifted.map((number) => number - rest);
  }

  // Losses
  // ------
  //
  // The loss of one row, whose right class is t.

  function binary_cross_entropy([z], t) {
    const u = t === 1 ? -z : z;
    return Math.max(u, 0) + log1p(exp(u > 0 ? -u : u));
  }

  const cross_entropy = (z, t) => 0 - log_softmax(z)[t];

  // One step
  // --------

  const with_ones = (rows) => rows.map((row) => [...row, 1]);

  /* A = [f(X1 M1), 1] and the logits Z2 = A M2. */
  function forward(X1, M1, M2, activation) {
    const [f] = ACTIVATIONS[activation];
    const A = with_ones(dot(X1, M1).map((row) => row.map(f)));
    return [A, dot(A, M2)];
  }

  /* The gradient in M1 and in M2, from the logits and the labels t. */
  function backward(X1, t, M2, A, Z2, activation) {
    const [, slope] = ACTIVATIONS[activation];
    const n = t.length;
    const D2 = Z2.map((z, r) => {
      const P = z.length === 1 ? z.map(sigmoid) : softmax(z);
      return P.map((p, j) => {
        const Y = z.length === 1 ? t[r] : Number(j === t[r]);
        return p / n - Y / n;
      });
    });
    const W2_T = transpose(M2.slice(0, -1));
    const D1 = dot(D2, W2_T).map((row, r) =>
      row.map((d, j) => d * slope(A[r][j])));
    return [dot(transpose(X1), D1), dot(transpose(A), D2)];
  }

  // Optimizers
  // ----------

  const zeros_like = (M) => M.map((row) => row.map(() => 0));

  /* SGD with momentum: move the matrix M and its velocity, in place. */
  function step(M, gradient, velocity, learning_rate, momentum) {
    M.forEach((row, i) => row.forEach((_, j) => {
      velocity[i][j] = velocity[i][j] * momentum + gradient[i][j];
      row[j] -= velocity[i][j] * learning_rate;
    }));
  }

  // The network
  // -----------

  /* Weights of Glorot and Bengio, and biases of zero, below them. */
  function first_params(random, d, h, k) {
    const layer = (inputs, outputs) => {
      const r = Math.sqrt(6 / (inputs + outputs));
      const draw = (size, r) => Array.from({length: size}, () =>
        r * (2 * random.random() - 1));
      const rows = Array.from({length: inputs}, () => draw(outputs, r));
      return [...rows, draw(outputs, 0)];
    };
    return [layer(d, h), layer(h, k)];
  }

  /* A network as Network of nn.py makes it for the rows X and their labels t,
     which are class indices.  It has no methods: the functions below take it.

     settings: hidden_size, activation, learning_rate, momentum, batch_size
     (null for all rows) and seed. */
  function start(X, t, settings) {
    const random = new Generator(settings.seed);
    const classes = Math.max(...t) + 1, k = classes === 2 ? 1 : classes;
    const [M1, M2] = first_params(random, X[0].length,
                                  settings.hidden_size, k);
    return {...settings, random, M1, M2, X1: with_ones(X), t,
            V1: zeros_like(M1), V2: zeros_like(M2), loss_curve: []};
  }

  const row_losses = (Z2, t) => Z2.map((z, r) =>
    (z.length === 1 ? binary_cross_entropy : cross_entropy)(z, t[r]));

  /* Train for one epoch; give the mean loss, as it was before each step. */
  function epoch(net) {
    const n = net.t.length, batch = Math.min(net.batch_size || n, n);
    const order = batch < n ? net.random.permutation(n)
                            : net.t.map((_, r) => r);
    let sum = 0;
    for (let i = 0; i < n; i += batch) {
      const rows = order.slice(i, i + batch);
      const X1 = rows.map((r) => net.X1[r]), t = rows.map((r) => net.t[r]);
      const [A, Z2] = forward(X1, net.M1, net.M2, net.activation);
      const [G1, G2] = backward(X1, t, net.M2, A, Z2, net.activation);
      sum += total(row_losses(Z2, t));
      step(net.M1, G1, net.V1, net.learning_rate, net.momentum);
      step(net.M2, G2, net.V2, net.learning_rate, net.momentum);
    }
    net.loss_curve.push(sum / n);
    return sum / n;
  }

  /* The logits of the rows X. */
  const logits = (net, X) =>
    forward(with_ones(X), net.M1, net.M2, net.activation)[1];

  const decide = (z) => z.length === 1 ? Number(z[0] > 0) : largest(z);

  /* The mean loss and the accuracy on rows X with labels t. */
  function evaluate(net, X, t) {
    const Z2 = logits(net, X);
    const right = Z2.filter((z, r) => decide(z) === t[r]).length;
    return {loss: total(row_losses(Z2, t)) / t.length,
            accuracy: right / t.length};
  }

  /* The SHA-256 of all parameters, as little-endian bytes in C order. */
  function weights_sha256(net) {
    const numbers = [...net.M1, ...net.M2].flat();
    const bytes = new DataView(new ArrayBuffer(8 * numbers.length));
    numbers.forEach((number, i) => bytes.setFloat64(8 * i, number, true));
    return sha256(new Uint8Array(bytes.buffer));
  }

  // Random numbers
  // --------------
  //
  // numpy.random.default_rng(seed): PCG64 (O'Neill 2014), whose state is a
  // number of 128 bits, begun by a SeedSequence that spreads the seed over
  // it.  Whole numbers that long are BigInts; those of 32 bits are not, since
  // Math.imul multiplies them and forgets what overflows.

  /* Eight numbers of 32 bits that depend on every bit of the seed. */
  function seed_sequence(seed) {
    let hash_const = 0x43B0D7E5, factor = 0x931E8875;
    const hash = (value) => {
      value ^= hash_const;
      hash_const = Math.imul(hash_const, factor);
      value = Math.imul(value, hash_const);
      return value ^ (value >>> 16);
    };
    const mix = (x, y) => {
      const mixed = Math.imul(0xCA01F9DD, x) - Math.imul(0x4973F715, y);
      return mixed ^ ((mixed >>> 0) >>> 16);
    };
    const entropy = [];
    for (let rest = BigInt(seed); rest > 0n; rest >>= 32n) {
      entropy.push(Number(rest & 0xFFFFFFFFn));
    }
    const pool = [0, 1, 2, 3].map((i) => hash(entropy[i] || 0));
    for (let from = 0; from < 4; from++) {
      for (let to = 0; to < 4; to++) {
        if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
      }
    }
    for (const word of entropy.slice(4)) {
      for (let to = 0; to < 4; to++) pool[to] = mix(pool[to], hash(word));
    }
    [hash_const, factor] = [0x8B51F9DD, 0x58F38DED];
    return Array.from({length: 8}, (_, i) => hash(pool[i % 4]) >>> 0);
  }

  const MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645n;

  class Generator {
    constructor(seed) {
      const word = seed_sequence(seed).map(BigInt);
      const long = (i) => ((word[i + 1] << 32n | word[i]) << 64n)
                         | word[i + 3] << 32n | word[i + 2];
      this.increment = BigInt.asUintN(128, long(4) << 1n | 1n);
      this.state = long(0) + this.increment;
      this.advance();
      this.upper_half = null;
    }

    advance() {
      this.state = BigInt.asUintN(
        128, this.state * MULTIPLIER + this.increment);
    }

    /* The next 64 bits: both halves of the state, mixed and turned. */
    next64() {
      this.advance();
      const mixed = BigInt.asUintN(64, this.state >> 64n ^ this.state);
      const turn = this.state >> 122n;
      return BigInt.asUintN(64, mixed >> turn | mixed << (64n - turn));
    }

    /* The next 32 bits: the lower half of 64, and then the upper. */
    next32() {
      let half = this.upper_half;
      if (half === null) {
        const both = this.next64();
        half = Number(both & 0xFFFFFFFFn);
        this.upper_half = Number(both >> 32n);
      } else {
        this.upper_half = null;
      }
      return half;
    }

    /* A number from 0 to 1: the upper 53 of 64 bits. */
    random() {
      return Number(this.next64() >> 11n) / 9007199254740992;
    }

    /* A whole number from 0 to high: as many bits as that has, drawn again
       and again until they are not above it. */
    up_to(high) {
      const mask = 2 ** (32 - Math.clz32(high)) - 1;
      for (;;) {
        const drawn = (this.next32() & mask) >>> 0;
        if (drawn <= high) return drawn;
      }
    }

    /* The numbers below n, shuffled. */
    permutation(n) {
      const order = Array.from({length: n}, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = this.up_to(i);
        [order[i], order[j]] = [order[j], order[i]];
      }
      return order;
    }
  }

  // SHA-256
  // -------
  //
  // FIPS 180-4.  Its constants are the first bits behind the point of square
  // and cube roots of primes, found here among whole numbers.

  const PRIMES = [];
  for (let n = 2; PRIMES.length < 64; n++) {
    if (PRIMES.every((prime) => n % prime)) PRIMES.push(n);
  }

  /* The first 32 bits behind the point of the root of a prime. */
  function bits_of_root(prime, degree) {
    const wanted = BigInt(prime) << 32n * degree;
    let root = 0n;
    for (let bit = 1n << 36n; bit; bit >>= 1n) {
      if ((root + bit) ** degree <= wanted) root += bit;
    }
    return Number(root & 0xFFFFFFFFn);
  }

  const ROUNDS = PRIMES.map((prime) => bits_of_root(prime, 3n));

  const turned = (x, count) => x >>> count | x << (32 - count);

  /* Mix 64 bytes, at an offset, into the eight numbers of the hash. */
  function compress(hash, bytes, offset) {
    const w = [];
    for (let i = 0; i < 64; i++) {
      const a = w[i - 15], b = w[i - 2];
      w.push(i < 16 ? bytes.getUint32(offset + 4 * i) :
        w[i - 16] + (turned(a, 7) ^ turned(a, 18) ^ a >>> 3)
        + w[i - 7] + (turned(b, 17) ^ turned(b, 19) ^ b >>> 10) | 0);
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let i = 0; i < 64; i++) {
      const first = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25))
        + (e & f ^ ~e & g) + ROUNDS[i] + w[i] | 0;
      const second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22))
        + (a & b ^ a & c ^ b & c);
      [a, b, c, d, e, f, g, h] =
        [first + second | 0, a, b, c, d + first | 0, e, f, g];
    }
    return [a, b, c, d, e, f, g, h].map((x, i) => hash[i] + x | 0);
  }

  /* The SHA-256 of a Uint8Array, as 64 digits. */
  function sha256(message) {
    const length = 64 * Math.ceil((message.length + 9) / 64);
    const padded = new Uint8Array(length);
    padded.set(message);
    padded[message.length] = 0x80;
    const bytes = new DataView(padded.buffer);
    bytes.setBigUint64(length - 8, 8n * BigInt(message.length));
    let hash = PRIMES.slice(0, 8).map((prime) => bits_of_root(prime, 2n));
    for (let offset = 0; offset < length; offset += 64) {
      hash = compress(hash, bytes, offset);
    }
    return hash.map((x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
  }

  return {exp, tanh, log1p, sigmoid, start, step, epoch, logits, evaluate,
          weights_sha256, Generator};
})();
