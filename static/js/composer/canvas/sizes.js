/** How large a step is drawn, and how far apart columns stand; links bend in between. */

export const WIDTH = 224;
export const HEIGHT = 84;
export const GAP = 64;
