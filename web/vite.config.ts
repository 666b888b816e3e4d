/** Builds the web UI into `dist/`, from where the server takes it into its binary; `dev` passes the API on to a running server. */
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.TELECODER_SERVER ?? "http://127.0.0.1:7080";
const passed = { target: server, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
  plugins: [react(), tailwind()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  // The server puts a fresh nonce in its place with each answer.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": passed, "/health": passed } },
});
