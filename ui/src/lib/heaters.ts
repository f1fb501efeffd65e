// Heaters as people call them, in the order in which they are shown, one hue each.

export interface HeaterLook {
  light: string
  dark: string
}

const LOOKS: HeaterLook[] = [
  { light: '#C2410C', dark: '#FF9A62' },
  { light: '#2F5BEA', dark: '#8FAAFF' },
  { light: '#0F766E', dark: '#5FD4C7' },
  { light: '#7E22CE', dark: '#D0A2FF' },
  { light: '#A16207', dark: '#E8C35A' },
  { light: '#BE185D', dark: '#FF93BE' },
]

/** tool0, tool1, …, bed, chamber, others. */
export function inOrder(names: Iterable<string>): string[] {
  const rank = (name: string) => (name.startsWith('tool') ? 0 : name === 'bed' ? 1 : name === 'chamber' ? 2 : 3)
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, undefined, { numeric: true }))
}

export function label(name: string, tools: number): string {
  if (name === 'bed') return 'Bed'
  if (name === 'chamber') return 'Chamber'
  const tool = /^tool(\d+)$/.exec(name)
  if (!tool) return name
  return tools > 1 ? `Tool ${Number(tool[1]) + 1}` : 'Hot end'
}

/** The colour of a heater: the bed's is always the same. */
export function hue(name: string, dark: boolean): string {
  const tool = /^tool(\d+)$/.exec(name)
  const index = name === 'bed' ? 1 : name === 'chamber' ? 2 : tool ? [0, 3, 4, 5][Number(tool[1]) % 4] : 4
  const look = LOOKS[index ?? 0] ?? LOOKS[0]
  return (dark ? look?.dark : look?.light) ?? '#888888'
}
