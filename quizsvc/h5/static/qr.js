// A code as a QR picture.

import { svg } from "./dom.js";
import { correction, generate } from "./vendor/lean-qr.js";

const QUIET = 4; // modules around it, as the standard wants

export function qrOf(text) {
  const code = generate(text, { minCorrectionLevel: correction.M });
  const side = code.size + 2 * QUIET;
  let path = "";
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
  }
  return svg(
    "svg",
    {
      class: "qr",
      viewBox: `0 0 ${side} ${side}`,
      role: "img",
      "aria-label": "兑奖码的二维码",
      "shape-rendering": "crispEdges",
    },
    svg("path", { d: path, fill: "#000" }),
  );
}
