/** What the canvas takes from diagram-js. The parts that keep a model of their own (commands, modeling, rules) stay out. */

export { default as Diagram } from "diagram-js";
export { default as BaseRenderer } from "diagram-js/lib/draw/BaseRenderer.js";
export { default as ConnectModule } from "diagram-js/lib/features/connect/index.js";
export { default as ConnectionPreviewModule } from "diagram-js/lib/features/connection-preview/index.js";
export { default as ContextPadModule } from "diagram-js/lib/features/context-pad/index.js";
export { default as CreateConnectPreview } from "diagram-js/lib/features/create/CreateConnectPreview.js";
export { default as CreateModule } from "diagram-js/lib/features/create/index.js";
export { default as HoverFixModule } from "diagram-js/lib/features/hover-fix/index.js";
export { default as LassoModule } from "diagram-js/lib/features/lasso-tool/index.js";
export { default as MoveModule } from "diagram-js/lib/features/move/index.js";
export { default as SelectionModule } from "diagram-js/lib/features/selection/index.js";
export { default as SnappingModule } from "diagram-js/lib/features/snapping/index.js";
export { default as MoveCanvasModule } from "diagram-js/lib/navigation/movecanvas/index.js";
export { default as ZoomScrollModule } from "diagram-js/lib/navigation/zoomscroll/index.js";
