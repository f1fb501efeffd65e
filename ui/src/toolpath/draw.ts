// Draws a path on canvases: the bed and what is to come once, what is done as it grows, the head on top.

import type { Bounds, Toolpath } from './parse'

export interface Colors {
  bed: string
  grid: string
  axis: string
  ghost: string
  /** 0 to 1 */
  ghostOpacity: number
  toCome: string
  travel: string
  done: string
  head: string
  halo: string
}

export interface Bed {
  minX: number
  minY: number
  maxX: number
  maxY: number
}

/** From mm on the bed to pixels on the canvas; y grows upwards on the bed. */
export interface View {
  scale: number
  x0: number
  y0: number
}

const GHOST_BUDGET = 150_000

/** A view that shows the whole bed, and what lies beside it. */
export function fit(bed: Bed, bounds: Bounds | null, width: number, height: number, margin: number): View {
  const minX = Math.min(bed.minX, bounds?.minX ?? bed.minX)
  const minY = Math.min(bed.minY, bounds?.minY ?? bed.minY)
  const maxX = Math.max(bed.maxX, bounds?.maxX ?? bed.maxX)
  const maxY = Math.max(bed.maxY, bounds?.maxY ?? bed.maxY)
  const scale = Math.min((width - 2 * margin) / (maxX - minX), (height - 2 * margin) / (maxY - minY))
  return {
    scale,
    x0: (width - scale * (maxX - minX)) / 2 - scale * minX,
    y0: height - (height - scale * (maxY - minY)) / 2 + scale * minY,
  }
}

export function drawBed(context: CanvasRenderingContext2D, bed: Bed, view: View, colors: Colors): void {
  const [left, top] = [view.x0 + view.scale * bed.minX, view.y0 - view.scale * bed.maxY]
  const [width, height] = [view.scale * (bed.maxX - bed.minX), view.scale * (bed.maxY - bed.minY)]
  context.fillStyle = colors.bed
  context.beginPath()
  context.roundRect(left, top, width, height, 6)
  context.fill()
  const step = bed.maxX - bed.minX > 400 ? 50 : 10
  context.lineWidth = 1
  for (const [value, vertical] of gridLines(bed, step)) {
    context.strokeStyle = Math.round(value) % (5 * step) === 0 ? colors.axis : colors.grid
    context.beginPath()
    if (vertical) {
      const x = Math.round(view.x0 + view.scale * value) + 0.5
      context.moveTo(x, top)
      context.lineTo(x, top + height)
    } else {
      const y = Math.round(view.y0 - view.scale * value) + 0.5
      context.moveTo(left, y)
      context.lineTo(left + width, y)
    }
    context.stroke()
  }
  context.strokeStyle = colors.axis
  context.beginPath()
  context.roundRect(left, top, width, height, 6)
  context.stroke()
}

function* gridLines(bed: Bed, step: number): Generator<[number, boolean]> {
  for (let x = Math.ceil(bed.minX / step + 1e-6) * step; x < bed.maxX; x += step) yield [x, true]
  for (let y = Math.ceil(bed.minY / step + 1e-6) * step; y < bed.maxY; y += step) yield [y, false]
}

/** Strokes the ways to the points from..to; `drawing` picks those that draw, otherwise those that travel. */
export function strokePath(
  context: CanvasRenderingContext2D,
  path: Toolpath,
  view: View,
  from: number,
  to: number,
  drawing: boolean,
  stride = 1,
): void {
  const wanted = drawing ? 1 : 0
  context.beginPath()
  let joined = false
  for (let index = Math.max(from, 0); index < to; index += 1) {
    if (path.draws[index] !== wanted || (stride > 1 && index % stride !== 0)) {
      joined = false
      continue
    }
    if (!joined) {
      const before = Math.max(0, index - stride)
      context.moveTo(view.x0 + view.scale * (path.x[before] ?? 0), view.y0 - view.scale * (path.y[before] ?? 0))
    }
    context.lineTo(view.x0 + view.scale * (path.x[index] ?? 0), view.y0 - view.scale * (path.y[index] ?? 0))
    joined = stride === 1
  }
  context.stroke()
}

/** The layers below as a shadow; very long ones are thinned out. */
export function drawGhost(
  context: CanvasRenderingContext2D, path: Toolpath, view: View, end: number, colors: Colors, ratio: number,
): void {
  context.globalAlpha = colors.ghostOpacity
  context.strokeStyle = colors.ghost
  context.lineWidth = ratio
  strokePath(context, path, view, 0, end, true, Math.max(1, Math.ceil(end / GHOST_BUDGET)))
  context.globalAlpha = 1
}

export function drawHead(context: CanvasRenderingContext2D, x: number, y: number, ratio: number, colors: Colors): void {
  context.fillStyle = colors.halo
  context.beginPath()
  context.arc(x, y, 11 * ratio, 0, 2 * Math.PI)
  context.fill()
  context.fillStyle = colors.head
  context.beginPath()
  context.arc(x, y, 5 * ratio, 0, 2 * Math.PI)
  context.fill()
}
