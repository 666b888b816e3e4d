/** Settings: how it looks, model keys, defaults, access tokens. Layer: feature. */
import { Monitor, Moon, Sun } from "lucide-react";
import { Page, Section } from "@/components/page";
import { Icon } from "@/components/ui/icon";
import { cx } from "@/lib/classes";
import { chooseTheme, type Theme, useTheme } from "@/lib/theme";
import { Defaults } from "./components/defaults";
import { Keys } from "./components/keys";
import { Tokens } from "./components/tokens";

/** The page. */
export function SettingsPage() {
  return (
    <Page title="Settings" narrow>
      <Section id="theme" title="Look">
        <Themes />
      </Section>
      <Section id="keys" title="Model keys">
        <Keys />
      </Section>
      <Section id="defaults" title="Defaults of new tasks">
        <Defaults />
      </Section>
      <Section id="tokens" title="Access tokens">
        <Tokens />
      </Section>
    </Page>
  );
}

const themes: { theme: Theme; name: string; icon: typeof Moon }[] = [
  { theme: "dark", name: "Dark", icon: Moon },
  { theme: "light", name: "Light", icon: Sun },
  { theme: "system", name: "As the system", icon: Monitor },
];

function Themes() {
  const chosen = useTheme();
  return (
    <fieldset className="flex flex-wrap gap-2 py-3">
      <legend className="sr-only">Theme</legend>
      {themes.map(({ theme, name, icon }) => (
        <label
          key={theme}
          className={cx(
            "flex h-9 cursor-pointer items-center gap-2 rounded-md border px-3 has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:outline-offset-2",
            chosen === theme ? "border-accent bg-accent-soft" : "border-n6 bg-n2 hover:bg-n3",
          )}
        >
          <input
            type="radio"
            name="theme"
            className="sr-only"
            checked={chosen === theme}
            onChange={() => chooseTheme(theme)}
          />
          <Icon of={icon} />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
