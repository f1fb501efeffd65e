// The push channel: stays open as long as somebody wants it, and mends itself after the server was away.

import { address } from './client'
import type { CurrentMessage, EventMessage, PluginMessage } from './types'

interface Message {
  connected?: { version: string; plugin_hash: string }
  current?: CurrentMessage
  history?: CurrentMessage
  event?: EventMessage
  plugin?: PluginMessage
  reauthRequired?: { reason: string }
}

export interface PushListener {
  opened(): void
  lost(): void
  message(message: Message): void
}

export interface Credentials {
  user: string
  session: string
}

const FIRST_WAIT = 500
const LONGEST_WAIT = 5000
/** ms after which a socket that says nothing is taken for dead; the server speaks at least every 20 s. */
const SILENCE = 35_000

const SUBSCRIPTION = { subscribe: { state: { logs: true, messages: false, machine: true }, events: true, plugins: ['appkeys'] } }

export class PushSocket {
  private socket: WebSocket | null = null
  private wait = FIRST_WAIT
  private timer: ReturnType<typeof setTimeout> | undefined
  private watchdog: ReturnType<typeof setTimeout> | undefined
  private wanted = false

  /** `credentials` is asked at each opening, so that a session that ended is replaced. */
  constructor(
    private readonly path: string,
    private readonly credentials: () => Promise<Credentials | null>,
    private readonly listener: PushListener,
  ) {}

  open(): void {
    this.wanted = true
    void this.connect()
  }

  close(): void {
    this.wanted = false
    clearTimeout(this.timer)
    clearTimeout(this.watchdog)
    this.socket?.close()
    this.socket = null
  }

  private async connect(): Promise<void> {
    let credentials: Credentials | null
    try {
      credentials = await this.credentials()
    } catch {
      this.retry()
      return
    }
    if (!this.wanted || credentials === null) return
    const { user, session } = credentials
    const socket = new WebSocket(address(this.path).replace(/^http/, 'ws'))
    this.socket = socket
    socket.onopen = () => {
      socket.send(JSON.stringify(SUBSCRIPTION))
      socket.send(JSON.stringify({ auth: `${user}:${session}` }))
    }
    socket.onmessage = (event: MessageEvent<string>) => {
      this.alive()
      this.take(JSON.parse(event.data) as Message)
    }
    socket.onclose = () => {
      if (this.socket === socket) this.retry()
    }
    this.alive()
  }

  private take(message: Message): void {
    if (message.history) {
      this.wait = FIRST_WAIT
      this.listener.opened()
    }
    this.listener.message(message)
    if (message.reauthRequired) this.socket?.close()
  }

  private alive(): void {
    clearTimeout(this.watchdog)
    this.watchdog = setTimeout(() => this.socket?.close(), SILENCE)
  }

  private retry(): void {
    clearTimeout(this.watchdog)
    this.socket = null
    if (!this.wanted) return
    this.listener.lost()
    this.timer = setTimeout(() => void this.connect(), this.wait)
    this.wait = Math.min(this.wait * 1.6, LONGEST_WAIT)
  }
}
