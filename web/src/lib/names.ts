/** How others write their names, where the platform knows them by a word. Layer: lib, pure. */

const NAMES: Record<string, string> = {
  anthropic: "Anthropic",
  openai: "OpenAI",
  gemini: "Gemini",
  github: "GitHub",
  gitlab: "GitLab",
  gitea: "Gitea",
};

/** The name of a model provider or a forge; a word that is unknown stays as it is. */
export function properName(word: string): string {
  return NAMES[word] ?? word;
}
