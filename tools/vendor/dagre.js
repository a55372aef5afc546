/** Where the steps go that nobody has moved. */

export { Graph, layout } from "@dagrejs/dagre";
