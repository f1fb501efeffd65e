// Reads a file from the host piece by piece and makes its path, away from the page's own thread.

import { ToolpathParser, type Toolpath } from './parse'

export interface Wanted {
  address: string
}

export type Told = { path: Toolpath } | { read: number } | { error: string }

/** Characters that stand for one byte each, so that offsets are those of the file. */
const BYTES = new TextDecoder('latin1')

async function read(wanted: Wanted): Promise<void> {
  const response = await fetch(wanted.address, { credentials: 'same-origin' })
  if (!response.ok || !response.body) {
    tell({ error: `The file could not be read (status ${response.status}).` })
    return
  }
  const parser = new ToolpathParser()
  const reader = response.body.getReader()
  let count = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    count += value.length
    parser.push(BYTES.decode(value))
    tell({ read: count })
  }
  const path = parser.end()
  tell({ path }, [path.x.buffer, path.y.buffer, path.draws.buffer, path.offset.buffer])
}

function tell(told: Told, transfer: Transferable[] = []): void {
  postMessage(told, { transfer })
}

addEventListener('message', (event: MessageEvent<Wanted>) => {
  read(event.data).catch((error: unknown) => tell({ error: error instanceof Error ? error.message : String(error) }))
})
