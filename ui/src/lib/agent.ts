// What a browser says of itself, in words: "Firefox on Linux".

/** The first that is found counts: most browsers name others behind themselves. */
const BROWSERS: [RegExp, string][] = [
  [/Edg(e|A|iOS)?\//, 'Edge'],
  [/OPR\/|Opera/, 'Opera'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|CriOS\/|Chromium\//, 'Chrome'],
  [/Safari\//, 'Safari'],
]
const SYSTEMS: [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad|iPod/, 'iOS'],
  [/CrOS/, 'ChromeOS'],
  [/Windows/, 'Windows'],
  [/Macintosh|Mac OS X/, 'macOS'],
  [/Linux|X11/, 'Linux'],
]

const named = (agent: string, names: [RegExp, string][]) => names.find(([pattern]) => pattern.test(agent))?.[1]

/** Browser and system; of a program what it calls itself; nothing where nobody said anything. */
export function browserOf(agent: string): { browser: string; system: string } | null {
  const browser = named(agent, BROWSERS) ?? agent.split(/[/\s(]/)[0] ?? ''
  return browser ? { browser, system: named(agent, SYSTEMS) ?? '' } : null
}
