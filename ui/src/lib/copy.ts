// Puts text onto the clipboard, on pages without TLS as well.

export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    copyTheOldWay(text)
  }
}

/** Pages without TLS may not use the clipboard directly. The text stands beside what has the focus: dialogs keep it inside. */
function copyTheOldWay(text: string): void {
  const before = document.activeElement
  const area = Object.assign(document.createElement('textarea'), { value: text })
  ;(before?.parentElement ?? document.body).append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
  if (before instanceof HTMLElement) before.focus()
}
