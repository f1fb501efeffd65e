// The colours that tell several hosts apart (`appearance.color`): a line below the top bar.

const COLORS: Record<string, { light: string; dark: string }> = {
  red: { light: '#C62828', dark: '#FF6B6B' },
  orange: { light: '#C2410C', dark: '#FF9A62' },
  yellow: { light: '#B58900', dark: '#E8C35A' },
  green: { light: '#1E7B34', dark: '#6FD389' },
  blue: { light: '#2F5BEA', dark: '#8FAAFF' },
  violet: { light: '#7E22CE', dark: '#D0A2FF' },
}

/** The line's colour; nothing where no colour was chosen. */
export function hostColor(name: string, dark: boolean): string | undefined {
  return COLORS[name]?.[dark ? 'dark' : 'light']
}

/** What the browser's tab says: how far, the state, the machine, the host. */
export function tabTitle(state: string, machine: string, host: string, completion: number | null): string {
  const done = completion === null ? [] : [`${Math.floor(completion)} %`]
  return [...done, state, machine, ...(host && host !== machine ? [host] : [])].join(' · ')
}
