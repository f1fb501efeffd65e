import { describe, expect, it } from 'vitest'
import { layerOf, pointsBefore, ToolpathParser, type Toolpath } from '../src/toolpath/parse'

function parsed(text: string, piece = text.length): Toolpath {
  const parser = new ToolpathParser()
  for (let at = 0; at < text.length; at += piece) parser.push(text.slice(at, at + piece))
  return parser.end()
}

const points = (path: Toolpath) => Array.from(path.x, (x, index) => [x, path.y[index], path.draws[index]])

describe('ToolpathParser', () => {
  it('tells extruding moves from travels', () => {
    const path = parsed('G1 X10 Y0 E1\nG0 X20 Y0\nG1 X20 Y10 E2\nG1 X0 Y0 E1.5\n')
    expect(points(path)).toEqual([[10, 0, 1], [20, 0, 0], [20, 10, 1], [0, 0, 0]])
  })

  it('draws every fed move of a file in which nothing is extruded', () => {
    expect(points(parsed('G0 X5 Y5\nG1 X10 Y5\n'))).toEqual([[5, 5, 0], [10, 5, 1]])
  })

  it('draws while the pen is down', () => {
    const path = parsed('M3 S90\nG1 X5\nM5\nG1 X10\nM3 S90\nG0 X20\nG1 X30\n')
    expect(points(path).map((point) => point[2])).toEqual([1, 0, 0, 1])
  })

  it('follows relative coordinates, inches and set positions', () => {
    const path = parsed('G91\nG1 X1 E1\nG1 X1 E1\nG90\nG20\nG1 X1 E9\nG21\nG92 X0\nG1 X3 E400\n')
    expect(Array.from(path.x)).toEqual([1, 2, expect.closeTo(25.4, 4) as number, 3])
  })

  it('gives the same path however the text is cut', () => {
    const text = 'G1 X10 E1 ; comment X99\nM83\n(aside)G1 Y5 E.5\nG2 X0 Y5 I-5 J0 E2\nG1Z.4\nN12 G1 X3 E1*33\n'
    const whole = parsed(text)
    for (const piece of [1, 2, 7, 23]) expect(parsed(text, piece)).toEqual(whole)
  })

  it('ends an arc where it ends and keeps its radius', () => {
    const path = parsed('G1 X10 Y0 E1\nG3 X-10 Y0 I-10 J0 E2\n')
    expect([path.x.at(-1), path.y.at(-1)]).toEqual([-10, 0])
    for (let index = 1; index < path.x.length; index += 1) {
      expect(Math.hypot(path.x[index] ?? 0, path.y[index] ?? 0)).toBeCloseTo(10, 3)
      expect(path.y[index]).toBeGreaterThanOrEqual(-1e-3)
    }
  })

  it('draws an arc that is given by its radius', () => {
    const path = parsed('G1 X10 Y0 E1\nG2 X0 Y10 R10 E2\n')
    for (const [x, y] of points(path).slice(1)) expect(Math.hypot((x ?? 0) - 10, (y ?? 0) - 10)).toBeCloseTo(10, 3)
  })

  it('begins a layer where something is drawn at another height, not at a hop', () => {
    const path = parsed('G1 Z0.2\nG1 X10 E1\nG1 Z0.6\nG0 X20\nG1 Z0.2\nG1 X30 E2\nG1 Z0.4\nG0 X0\nG1 X10 E3\n')
    expect(path.layers.map((layer) => Number(layer.z.toFixed(2)))).toEqual([0.2, 0.4])
    expect(layerOf(path, 0)).toBe(0)
    expect(layerOf(path, path.x.length)).toBe(1)
  })

  it('finds the point that belongs to a position in the file', () => {
    const path = parsed('G1 X1 E1\nG1 X2 E2\nG1 X3 E3\n')
    expect([0, 8, 9, 18, 26, 27].map((at) => pointsBefore(path, at))).toEqual([0, 0, 1, 2, 2, 3])
  })

  it('takes anything without failing', () => {
    expect(parsed('\u0000\nG1 XY\nG2 X1 Y1 R0\nG2\n;\nG1 X1e5 Y--3\n').cut).toBe(false)
  })
})
