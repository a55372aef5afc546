/** What the canvas takes from diagram-js. The parts that keep a model of their own (commands, modeling, rules) stay out. */

import ContextPad from "diagram-js/lib/features/context-pad/ContextPad.js";
import InteractionEventsModule from "diagram-js/lib/features/interaction-events/index.js";
import SchedulerModule from "diagram-js/lib/features/scheduler/index.js";
import CreateMoveSnapping from "diagram-js/lib/features/snapping/CreateMoveSnapping.js";
import Snapping from "diagram-js/lib/features/snapping/Snapping.js";

export { default as Diagram } from "diagram-js";
export { default as BaseRenderer } from "diagram-js/lib/draw/BaseRenderer.js";
export { default as ConnectModule } from "diagram-js/lib/features/connect/index.js";
export { default as ConnectionPreviewModule } from "diagram-js/lib/features/connection-preview/index.js";
export { default as CreateConnectPreview } from "diagram-js/lib/features/create/CreateConnectPreview.js";
export { default as CreateModule } from "diagram-js/lib/features/create/index.js";
export { default as HoverFixModule } from "diagram-js/lib/features/hover-fix/index.js";
export { default as LassoModule } from "diagram-js/lib/features/lasso-tool/index.js";
export { default as MoveModule } from "diagram-js/lib/features/move/index.js";
export { default as SelectionModule } from "diagram-js/lib/features/selection/index.js";
export { default as MoveCanvasModule } from "diagram-js/lib/navigation/movecanvas/index.js";
export { default as ZoomScrollModule } from "diagram-js/lib/navigation/zoomscroll/index.js";

// Two modules without what they bring along and nobody here uses: overlays, and snapping while a shape is resized.
export const ContextPadModule = {
  __depends__: [InteractionEventsModule, SchedulerModule],
  contextPad: ["type", ContextPad],
};
export const SnappingModule = {
  __init__: ["createMoveSnapping", "snapping"],
  createMoveSnapping: ["type", CreateMoveSnapping],
  snapping: ["type", Snapping],
};
