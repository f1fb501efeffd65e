// How each slicer is told of this host: the steps as keys of sentences, and what is entered in between.
// The names of fields and buttons are those of the programs' own sources and manuals: PrusaSlicer 2.9, SuperSlicer 2.5,
// OrcaSlicer 2.3, Bambu Studio 2, Cura 5 with its plugin OctoPrint Connection 3.7, Simplify3D 4 and 5.

/** What is to be entered: the label in the program, and a fixed text or one of what is known of this host. */
export interface Entry {
  label: string
  text?: string
  value?: 'address' | 'host' | 'port' | 'path' | 'https' | 'key' | 'command'
}

export interface Slicer {
  id: string
  name: string
  before: readonly string[]
  entries: readonly Entry[]
  after: readonly string[]
}

const HOST_ENTRIES = (type: string): Entry[] => [
  { label: 'Host Type', text: type },
  { label: 'Hostname, IP or URL', value: 'address' },
  { label: 'API Key / Password', value: 'key' },
]

export const SLICERS: readonly Slicer[] = [
  { id: 'prusa', name: 'PrusaSlicer', before: ['cog'], entries: HOST_ENTRIES('OctoPrint'), after: ['test', 'send'] },
  { id: 'super', name: 'SuperSlicer', before: ['cog'], entries: HOST_ENTRIES('OctoPrint'), after: ['test', 'send'] },
  { id: 'orca', name: 'OrcaSlicer', before: ['wifi'], entries: HOST_ENTRIES('Octo/Klipper'), after: ['test', 'print'] },
  { id: 'bambu', name: 'Bambu Studio', before: ['foreign', 'wifi'], entries: HOST_ENTRIES('Octo/Klipper'), after: ['test', 'print'] },
  {
    id: 'cura',
    name: 'Cura',
    before: ['marketplace', 'connect', 'add'],
    entries: [
      { label: 'IP Address or Hostname', value: 'host' },
      { label: 'Port Number', value: 'port' },
      { label: 'Path', value: 'path' },
      { label: 'Use HTTPS', value: 'https' },
      { label: 'API Key', value: 'key' },
    ],
    after: ['curaConnect', 'curaPrint'],
  },
  {
    id: 'simplify',
    name: 'Simplify3D',
    before: ['scripts'],
    entries: [
      { label: 'Post Processing', value: 'command' },
      { label: 'KEY', value: 'key' },
    ],
    after: ['save'],
  },
  {
    id: 'other',
    name: '',
    before: ['lookFor'],
    entries: [
      { label: '', value: 'address' },
      { label: '', value: 'key' },
    ],
    after: ['drop'],
  },
]

/** An address taken apart, as Cura's plugin asks for it. */
export interface Place {
  address: string
  host: string
  port: string
  path: string
  https: boolean
}

export function placeOf(address: string): Place {
  const url = new URL(address)
  const https = url.protocol === 'https:'
  return { address, host: url.hostname, port: url.port || (https ? '443' : '80'), path: url.pathname, https }
}

/** Whether an address is understood on the computer itself only. */
export function isLocalOnly(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.')
}

/** What Simplify3D runs after it has saved a file. */
export function uploadCommand(address: string): string {
  return `curl -H "X-Api-Key: KEY" -F "file=@[output_filepath]" ${address}/api/files/local`
}
