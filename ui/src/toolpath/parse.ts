// From G-code to points on paper: a streaming parser without any browser in it.
// Invariants: takes the text in pieces that may be cut anywhere; memory is bounded by `MAX_POINTS`; every point knows the
// byte behind its line, so that a position in the file is a position on the path. All coordinates in mm.

export const MAX_POINTS = 4_000_000

/** mm between two points of an arc that is drawn as a polygon. */
const ARC_STEP = 0.6

export interface Layer {
  z: number
  /** Index of the first point of this layer. */
  start: number
  /** Index behind its last point. */
  end: number
}

export interface Bounds {
  minX: number
  minY: number
  maxX: number
  maxY: number
}

export interface Toolpath {
  x: Float32Array
  y: Float32Array
  /** 1 where the way to this point draws, 0 where it only travels. */
  draws: Uint8Array
  /** Bytes of the file behind the line that leads to this point. */
  offset: Float64Array
  layers: Layer[]
  bounds: Bounds | null
  /** Whether the file was longer than what is kept. */
  cut: boolean
}

class Growing<T extends Float32Array | Float64Array | Uint8Array> {
  private data: T
  length = 0

  constructor(private readonly make: (length: number) => T) {
    this.data = make(4096)
  }

  push(value: number): void {
    if (this.length === this.data.length) {
      const larger = this.make(this.data.length * 2)
      larger.set(this.data)
      this.data = larger
    }
    this.data[this.length] = value
    this.length += 1
  }

  fill(value: number): void {
    this.data.fill(value, 0, this.length)
  }

  get(index: number): number {
    return this.data[index] ?? 0
  }

  result(): T {
    return this.data.slice(0, this.length) as T
  }
}

const WORD = /([A-Z])\s*([-+]?(?:\d+\.?\d*|\.\d+))/gi

export class ToolpathParser {
  private rest = ''
  private position = { x: 0, y: 0, z: 0, e: 0 }
  private absolute = true
  private absoluteE = true
  private scale = 1
  private bytes = 0
  private penDown = false
  private hasPen = false
  private readonly xs = new Growing((length) => new Float32Array(length))
  private readonly ys = new Growing((length) => new Float32Array(length))
  private readonly kinds = new Growing((length) => new Uint8Array(length))
  private readonly fed = new Growing((length) => new Uint8Array(length))
  private readonly zs = new Growing((length) => new Float32Array(length))
  private readonly offsets = new Growing((length) => new Float64Array(length))
  private cut = false

  /** Takes the next piece of the text; one character stands for one byte. */
  push(text: string): void {
    const lines = (this.rest + text).split('\n')
    this.rest = lines.pop() ?? ''
    for (const line of lines) {
      this.bytes += line.length + 1
      this.line(line)
    }
  }

  /** The path of everything that was taken. */
  end(): Toolpath {
    if (this.rest) {
      this.bytes += this.rest.length
      this.line(this.rest)
      this.rest = ''
    }
    return this.finished()
  }

  /** The path so far. */
  finished(): Toolpath {
    const draws = this.drawing()
    return {
      x: this.xs.result(),
      y: this.ys.result(),
      draws,
      offset: this.offsets.result(),
      layers: layersOf(draws, this.zs.result()),
      bounds: boundsOf(this.xs.result(), this.ys.result(), draws),
      cut: this.cut,
    }
  }

  /** Where nothing is ever extruded and no pen is lowered, every fed move draws: a plotter's or a mill's file. */
  private drawing(): Uint8Array {
    const kinds = this.kinds.result()
    return kinds.includes(1) ? kinds : this.fed.result()
  }

  private line(raw: string): void {
    const comment = raw.indexOf(';')
    const text = (comment < 0 ? raw : raw.slice(0, comment)).replace(/\([^)]*\)/g, '')
    if (!text.trim()) return
    let command = ''
    const words: Record<string, number> = {}
    for (const [, letter, number] of text.matchAll(WORD)) {
      const name = (letter ?? '').toUpperCase()
      if (!command && (name === 'G' || name === 'M')) command = `${name}${Number(number)}`
      else if (name !== 'N' && !(name in words)) words[name] = Number(number)
    }
    this.act(command, words)
  }

  private act(command: string, words: Record<string, number>): void {
    switch (command) {
      case 'G0':
      case 'G1':
        this.straight(words, command === 'G1')
        break
      case 'G2':
      case 'G3':
        this.arc(words, command === 'G2')
        break
      case 'G20':
        this.scale = 25.4
        break
      case 'G21':
        this.scale = 1
        break
      case 'G28':
        this.home(words)
        break
      case 'G90':
        this.absolute = true
        this.absoluteE = true
        break
      case 'G91':
        this.absolute = false
        this.absoluteE = false
        break
      case 'G92':
        this.set(words)
        break
      case 'M82':
        this.absoluteE = true
        break
      case 'M83':
        this.absoluteE = false
        break
      case 'M3':
      case 'M4':
      case 'M280':
        this.hasPen = true
        this.penDown = command !== 'M280' || (words.S ?? 0) > 0
        break
      case 'M5':
        this.penDown = false
        break
    }
  }

  private target(words: Record<string, number>): { x: number; y: number; z: number } {
    const along = (name: 'x' | 'y' | 'z') => {
      const value = words[name.toUpperCase()]
      if (value === undefined) return this.position[name]
      return this.absolute ? value * this.scale : this.position[name] + value * this.scale
    }
    return { x: along('x'), y: along('y'), z: along('z') }
  }

  /** Whether the move pushes material, and where the extruder stands behind it. */
  private extrudes(words: Record<string, number>): boolean {
    if (words.E === undefined) return false
    const before = this.position.e
    this.position.e = this.absoluteE ? words.E * this.scale : before + words.E * this.scale
    return this.position.e > before
  }

  private straight(words: Record<string, number>, fed: boolean): void {
    const to = this.target(words)
    const draws = this.extrudes(words) || (fed && this.hasPen && this.penDown)
    const moves = to.x !== this.position.x || to.y !== this.position.y
    Object.assign(this.position, to)
    if (moves) this.point(to.x, to.y, draws, fed)
  }

  private arc(words: Record<string, number>, clockwise: boolean): void {
    const from = { x: this.position.x, y: this.position.y }
    const to = this.target(words)
    const draws = this.extrudes(words) || (this.hasPen && this.penDown)
    for (const [x, y] of arcPoints(from, to, words, this.scale, clockwise)) this.point(x, y, draws, true)
    Object.assign(this.position, to)
  }

  private home(words: Record<string, number>): void {
    const named = ['X', 'Y', 'Z'].filter((axis) => axis in words)
    for (const axis of named.length > 0 ? named : ['X', 'Y', 'Z']) {
      this.position[axis.toLowerCase() as 'x' | 'y' | 'z'] = 0
    }
  }

  private set(words: Record<string, number>): void {
    for (const axis of ['x', 'y', 'z', 'e'] as const) {
      const value = words[axis.toUpperCase()]
      if (value !== undefined) this.position[axis] = value * this.scale
    }
  }

  private point(x: number, y: number, draws: boolean, fed: boolean): void {
    if (this.xs.length >= MAX_POINTS) {
      this.cut = true
      return
    }
    this.xs.push(x)
    this.ys.push(y)
    this.kinds.push(draws ? 1 : 0)
    this.fed.push(fed ? 1 : 0)
    this.zs.push(this.position.z)
    this.offsets.push(this.bytes)
  }
}

/** The points of an arc, its end included; centre by I and J, or radius by R. */
function arcPoints(
  from: { x: number; y: number },
  to: { x: number; y: number },
  words: Record<string, number>,
  scale: number,
  clockwise: boolean,
): [number, number][] {
  const centre = centreOf(from, to, words, scale, clockwise)
  if (!centre) return [[to.x, to.y]]
  const radius = Math.hypot(from.x - centre.x, from.y - centre.y)
  const start = Math.atan2(from.y - centre.y, from.x - centre.x)
  let sweep = Math.atan2(to.y - centre.y, to.x - centre.x) - start
  if (clockwise && sweep >= -1e-9) sweep -= 2 * Math.PI
  if (!clockwise && sweep <= 1e-9) sweep += 2 * Math.PI
  const steps = Math.max(1, Math.min(200, Math.ceil((Math.abs(sweep) * radius) / ARC_STEP)))
  const points: [number, number][] = []
  for (let step = 1; step < steps; step += 1) {
    const angle = start + (sweep * step) / steps
    points.push([centre.x + radius * Math.cos(angle), centre.y + radius * Math.sin(angle)])
  }
  points.push([to.x, to.y])
  return points
}

function centreOf(
  from: { x: number; y: number },
  to: { x: number; y: number },
  words: Record<string, number>,
  scale: number,
  clockwise: boolean,
): { x: number; y: number } | null {
  if (words.I !== undefined || words.J !== undefined) {
    return { x: from.x + (words.I ?? 0) * scale, y: from.y + (words.J ?? 0) * scale }
  }
  if (words.R === undefined) return null
  const radius = words.R * scale
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const chord = Math.hypot(dx, dy)
  if (chord === 0 || chord > 2 * Math.abs(radius)) return null
  const height = Math.sqrt(radius * radius - (chord * chord) / 4)
  const side = clockwise === radius > 0 ? 1 : -1
  return { x: from.x + dx / 2 + (side * height * dy) / chord, y: from.y + dy / 2 - (side * height * dx) / chord }
}

/** A layer begins where something is drawn at another height than before; hops in between make none. */
function layersOf(draws: Uint8Array, zs: Float32Array): Layer[] {
  const layers: Layer[] = []
  let current: Layer | null = null
  for (let index = 0; index < draws.length; index += 1) {
    if (draws[index] !== 1) continue
    const z = zs[index] ?? 0
    if (current === null || Math.abs(z - current.z) > 1e-4) {
      if (current) current.end = index
      current = { z, start: current ? index : 0, end: index }
      layers.push(current)
    }
  }
  if (current) current.end = draws.length
  return layers
}

function boundsOf(x: Float32Array, y: Float32Array, draws: Uint8Array): Bounds | null {
  let bounds: Bounds | null = null
  const take = (px: number, py: number) => {
    bounds ??= { minX: px, minY: py, maxX: px, maxY: py }
    bounds.minX = Math.min(bounds.minX, px)
    bounds.minY = Math.min(bounds.minY, py)
    bounds.maxX = Math.max(bounds.maxX, px)
    bounds.maxY = Math.max(bounds.maxY, py)
  }
  for (let index = 0; index < draws.length; index += 1) {
    if (draws[index] !== 1) continue
    take(x[index] ?? 0, y[index] ?? 0)
    if (index > 0) take(x[index - 1] ?? 0, y[index - 1] ?? 0)
  }
  return bounds
}

/** How many points lie before a position in the file, bytes. */
export function pointsBefore(path: Toolpath, filepos: number): number {
  let [low, high] = [0, path.offset.length]
  while (low < high) {
    const between = (low + high) >> 1
    if ((path.offset[between] ?? 0) <= filepos) low = between + 1
    else high = between
  }
  return low
}

/** The index of the layer in which a point lies; that of the last layer behind them all. */
export function layerOf(path: Toolpath, point: number): number {
  let [low, high] = [0, path.layers.length - 1]
  while (low < high) {
    const between = (low + high) >> 1
    if (point >= (path.layers[between]?.end ?? 0)) low = between + 1
    else high = between
  }
  return Math.max(0, low)
}
