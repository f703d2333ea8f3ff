// A worker for pages that are opened from a folder: browsers refuse real workers there, and the search needs one.
// The script of the worker runs in a hidden frame, which shares the origin of the page.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      this.waiting = []
      const frame = Object.assign(document.createElement("iframe"), { hidden: true })
      document.body.append(frame)
      this.scope = frame.contentWindow
      this.scope.postMessage = (data) => {
        const event = new MessageEvent("message", { data })
        this.dispatchEvent(event)
        if (this.onmessage) this.onmessage(event)
      }
      this.scope.importScripts = (...urls) =>
        urls.reduce((before, one) => before.then(() => this.run(one)), Promise.resolve())
      this.run(url).then(() => {
        this.ready = true
        this.waiting.forEach((data) => this.postMessage(data))
      })
    }
    run(url) {
      return new Promise((done, failed) => {
        const script = this.scope.document.createElement("script")
        Object.assign(script, { src: new URL(url, location.href).href, onload: done, onerror: failed })
        this.scope.document.body.append(script)
      })
    }
    postMessage(data) {
      if (this.ready) this.scope.dispatchEvent(new MessageEvent("message", { data }))
      else this.waiting.push(data)
    }
  }
}
