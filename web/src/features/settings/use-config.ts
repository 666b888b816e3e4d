/** Changes settings of the server. Layer: feature. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { keys } from "@/api/queries";
import { type Config, call, type KeyCheck } from "@/api/soon";
import { toastDone } from "@/components/ui/toast";

/** A change: values to set, and keys to forget. */
export interface Change {
  set?: Record<string, string>;
  unset?: string[];
}

/** Sets and forgets; what counts only after a restart is said. */
export function useChangeConfig(said: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: Change) => call<Config>("PATCH", "/api/config", change),
    onSuccess: (config) => {
      queries.setQueryData(keys.config, config);
      for (const key of [keys.defaults, keys.agents, keys.doctor])
        void queries.invalidateQueries({ queryKey: key });
      const later = config.restart ?? [];
      toastDone(later.length === 0 ? said : `${said}. It counts once the server is started again.`);
    },
  });
}

/** Tries a provider's key with a live call. */
export function useCheckKey() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (provider: string) =>
      call<KeyCheck & { provider: string }>("POST", "/api/config/check", { provider }),
    onSuccess: (check, provider) =>
      queries.setQueryData<Config>(
        keys.config,
        (config) =>
          config && {
            ...config,
            providers: config.providers.map((each) =>
              each.provider === provider ? { ...each, check } : each,
            ),
          },
      ),
  });
}
