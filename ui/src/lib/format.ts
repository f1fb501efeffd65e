// Numbers, times and names as people say them.

/** Seconds as "2 h 14 min", "3 min 20 s" or "45 s"; days from 24 h on. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–'
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 600) return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`
  const minutes = Math.round(whole / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours / 24} d`
}

/** Seconds as 2:14:05. */
export function exactDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '–'
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`
}

/** Hours and minutes, as 17:40. */
export function clock(at: Date): string {
  return at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
}

/** The time of day, with the day where it is another one than now. */
export function timeOfDay(at: Date, now = new Date()): string {
  const time = clock(at)
  return at.toDateString() === now.toDateString()
    ? time
    : `${at.toLocaleDateString(undefined, { weekday: 'short' })} ${time}`
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** Bytes as "1.4 MB" (powers of 1000). */
export function size(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '–'
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? ''}`
}

/** A date as it is said in a list: the time today, else the day. */
export function day(unixSeconds: number | null | undefined, now = new Date()): string {
  if (!unixSeconds) return '–'
  const at = new Date(unixSeconds * 1000)
  if (at.toDateString() === now.toDateString()) return timeOfDay(at, now)
  const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric'
  return at.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year })
}

/** A long name cut in the middle, where it says least. */
export function middle(text: string, longest: number): string {
  if (text.length <= longest) return text
  const tail = Math.floor((longest - 1) / 2)
  return `${text.slice(0, longest - 1 - tail)}…${text.slice(text.length - tail)}`
}

/** A temperature as a whole number of degrees, one digit below 100 on demand. */
export function degrees(value: number | null | undefined, digits = 0): string {
  return value === null || value === undefined ? '–' : value.toFixed(digits)
}

/** A temperature in °C as whole degrees Fahrenheit. */
export function fahrenheit(celsius: number): string {
  return ((celsius * 9) / 5 + 32).toFixed(0)
}

/** A coordinate in mm. */
export function coordinate(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(value >= 1000 || value <= -1000 ? 1 : 2)
}
