// Search runs in a worker, and none can be started from a file: where the site is opened from a folder, a hidden frame
// takes its place. (The name keeps the offline plugin from fetching a script of this purpose from elsewhere.)
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      this.inner = frame.contentWindow;
      const load = (one) =>
        new Promise((done, failed) => {
          const script = this.inner.document.createElement("script");
          Object.assign(script, { src: one, onload: done, onerror: failed });
          this.inner.document.head.append(script);
        });
      this.inner.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      this.inner.importScripts = async (...urls) => {
        for (const one of urls) await load(one);
      };
      this.ready = load(url);
    }

    postMessage(data) {
      this.ready.then(() => this.inner.dispatchEvent(new MessageEvent("message", { data })));
    }
  };
}
