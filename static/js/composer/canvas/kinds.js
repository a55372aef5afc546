/**
 * The four kinds of steps, each with a shape, a sign and a word of its own: any one of them is enough to tell them apart.
 *
 * @typedef {import("sagasim/composer/model.js").Kind} Kind
 * @typedef {{
 *   word: string, says: string, sign: string, outline: (width: number, height: number) => string,
 *   edge: (height: number) => string,
 * }} Look  `sign`: a path in a box of 16; `edge`: the left side, which carries the colour of the service.
 */

/** @type {Readonly<Record<Kind, Look>>} */
export const LOOKS = Object.freeze({
  compensatable: {
    word: "compensatable",
    says: "may be undone, before the pivot",
    sign: "M4 6.5h5.6a3.1 3.1 0 0 1 0 6.2H7M6.6 3.6 3.6 6.5l3 2.9",
    outline: (w, h) =>
      `M10 0H${w - 10}Q${w} 0 ${w} 10V${h - 10}Q${w} ${h} ${w - 10} ${h}H10Q0 ${h} 0 ${h - 10}V10Q0 0 10 0Z`,
    edge: (h) => `M3 10V${h - 10}`,
  },
  pivot: {
    word: "pivot",
    says: "go or no-go: once it commits, nothing is undone",
    sign: "M8 1.8 14.2 8 8 14.2 1.8 8zM8 5v3.4m0 2.2v.1",
    outline: (w, h) => `M17 0H${w - 17}L${w} ${h / 2}L${w - 17} ${h}H17L0 ${h / 2}Z`,
    edge: (h) => `M18 4 4 ${h / 2}L18 ${h - 4}`,
  },
  retriable: {
    word: "retriable",
    says: "after the pivot, retried until it works",
    sign: "M13 8a5 5 0 1 1-1.7-3.8M13.2 1.8v3.1h-3.1",
    outline: (w, h) => `M10 0H${w - 20}L${w} ${h / 2}L${w - 20} ${h}H10Q0 ${h} 0 ${h - 10}V10Q0 0 10 0Z`,
    edge: (h) => `M3 10V${h - 10}`,
  },
  read: {
    word: "read",
    says: "changes nothing",
    sign: "M1.6 8C3.4 4.9 5.5 3.6 8 3.6s4.6 1.3 6.4 4.4C12.6 11.1 10.5 12.4 8 12.4S3.4 11.1 1.6 8zM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
    outline: (w, h) => `M15 0H${w}L${w - 15} ${h}H0Z`,
    edge: (h) => `M${17.6 - 0.7} 4 L${3.6 + 0.7} ${h - 4}`,
  },
});

/** Signs that are no kind's, in the same box. */
export const SIGNS = Object.freeze({
  undo: "M3.5 6H10a3.2 3.2 0 0 1 0 6.4H7M6.3 3 3.4 6l2.9 3",
  missing:
    "M3.5 6H6m2.6 0H10a3.2 3.2 0 0 1 2.6 1.3M12.8 10.2A3.2 3.2 0 0 1 10 12.4H8.6M6.3 3 3.4 6l2.9 3M2.5 14 13.8 2.4",
  irreversible: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM4.6 8h6.2M8.4 5.4 11 8l-2.6 2.6M13 4v8",
  error: "m4.4 4.4 7.2 7.2m0-7.2-7.2 7.2",
  warning: "M8 2.4 14.2 13H1.8zM8 6.4v3m0 1.9v.1",
  connect: "M2.5 8h9.8M8.8 4.2 12.6 8l-3.8 3.8",
  rename: "M3 13h2.4l7-7-2.4-2.4-7 7zM8.8 4.8l2.4 2.4",
  edit: "M3 4.5h10M3 8h10M3 11.5h10M6 3v3m4 .5v3M5 10v3",
  duplicate: "M5.5 5.5h8v8h-8zM3.6 10.5H2.5v-8h8v1.1",
  delete: "M3 4.5h10M6.2 4.3V2.6h3.6v1.7M4.4 4.5l.7 9h5.8l.7-9M6.8 7v4m2.4-4v4",
  insert: "M1.8 8h2.4m7.6 0h2.4M5 5h6v6H5zM8 6.6v2.8M6.6 8h2.8",
  lasso: "M2.5 4.5v-2h2M7 2.5h2m2.5 0h2v2M13.5 7v2m0 2.5v2h-2M9 13.5H7m-2.5 0h-2v-2M2.5 9V7",
  arrange: "M2 6h3.5v4H2zM10.5 2H14v4h-3.5zM10.5 10H14v4h-3.5zM5.5 8H8m0 0V4h2.5M8 8v4h2.5",
  fit: "M2.5 6V2.5H6m4 0h3.5V6m0 4v3.5H10m-4 0H2.5V10",
  in: "M8 3v10M3 8h10",
  out: "M3 8h10",
});
