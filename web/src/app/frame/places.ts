/** Where one can go, in the order of the rail. Layer: app. */
import {
  Bot,
  FolderGit2,
  GitPullRequest,
  Inbox,
  ListTree,
  type LucideIcon,
  Settings,
  Stethoscope,
} from "lucide-react";

export interface Place {
  to: "/" | "/sessions" | "/pulls" | "/agents" | "/repositories" | "/settings" | "/doctor";
  name: string;
  icon: LucideIcon;
  keys?: string;
}

/** What people look at every day. */
export const daily: Place[] = [
  { to: "/", name: "Inbox", icon: Inbox, keys: "g i" },
  { to: "/sessions", name: "Sessions", icon: ListTree, keys: "g s" },
  { to: "/pulls", name: "Pull requests", icon: GitPullRequest, keys: "g p" },
];

/** What people set up. */
export const setup: Place[] = [
  { to: "/repositories", name: "Repositories", icon: FolderGit2, keys: "g r" },
  { to: "/agents", name: "Agents", icon: Bot, keys: "g a" },
  { to: "/settings", name: "Settings", icon: Settings, keys: "g ," },
  { to: "/doctor", name: "Doctor", icon: Stethoscope, keys: "g d" },
];
