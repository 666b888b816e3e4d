/** The list of keys. Layer: app. */
import { Keys } from "@/components/keys";
import { Dialog } from "@/components/ui/dialog";
import { useBoundShortcuts } from "@/lib/shortcuts";

/** Lists every key that is bound now. */
export default function KeyHelp({ onClose }: { onClose: () => void }) {
  const bound = useBoundShortcuts();
  const groups = new Map<string, typeof bound>();
  for (const shortcut of bound) groups.set(shortcut.group, [...(groups.get(shortcut.group) ?? []), shortcut]);
  return (
    <Dialog open onClose={onClose} title="Keys">
      <div className="flex flex-col gap-5">
        {[...groups].map(([group, shortcuts]) => (
          <section key={group}>
            <h3 className="mb-1 font-medium text-n10 text-xs">{group}</h3>
            <dl>
              {shortcuts.map((shortcut) => (
                <div
                  key={shortcut.keys}
                  className="flex min-h-8 items-center justify-between gap-4 border-n5 border-b last:border-0"
                >
                  <dt>{shortcut.does}</dt>
                  <dd className="shrink-0">
                    <Keys keys={shortcut.keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
