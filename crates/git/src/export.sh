# Runs inside the sandbox, in the workspace. Writes to standard output one line,
#   telecoder-export 1 tree <id>      followed by a pack of the objects that the base lacks, or
#   telecoder-export 1 error <words>
# Arguments: object format, tree of the base, most bytes, then files that are tracked although they are ignored.
# Uses a repository of its own: whatever stands in the workspace's .git configures nothing here.
set -u
umask 077
format=$1 base=$2 limit=$3
shift 3
root=$PWD

fail() {
  printf 'telecoder-export 1 error %s\n' "$1"
  exit 1
}

scratch=$(mktemp -d "$HOME/.telecoder-export.XXXXXX" 2>/dev/null) ||
  scratch=$(mktemp -d /tmp/telecoder-export.XXXXXX 2>/dev/null) ||
  fail "there is no room for a scratch folder"
trap 'rm -rf -- "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
log=$scratch/log

# Makes the scratch repository; "$1" says whether the workspace's objects and the base's index are used.
start() {
  unset GIT_DIR
  rm -rf -- "$scratch/git" "$scratch/index"
  git init -q --bare --template= --object-format="$format" "$scratch/git" || return 1
  export GIT_DIR="$scratch/git"
  [ "$1" = borrow ] || return 0
  [ -d "$root/.git/objects" ] && [ -f "$root/.git/telecoder/index" ] || return 1
  printf '%s\n' "$root/.git/objects" >"$GIT_DIR/objects/info/alternates" || return 1
  cp -p "$root/.git/telecoder/index" "$scratch/index" || return 1
  [ "$(GIT_INDEX_FILE=$scratch/index git write-tree)" = "$base" ]
}

# Prints the tree of folder $1, using index $2, at depth $3. A repository inside the folder (its own .git) becomes plain
# files: a link to commits that exist nowhere else would lose them.
snapshot() (
  cd "$1" || exit 1
  export GIT_WORK_TREE="$PWD" GIT_INDEX_FILE="$2"
  index=$2 depth=$3
  if [ "$depth" -gt 8 ]; then
    echo "repositories are nested more than 8 deep" >&2
    exit 1
  fi
  nested=$(git ls-files --others --exclude-standard -z | tr '\n\0' '\001\n' | grep -a '/$')
  set -f
  IFS='
'
  set -- .
  for inner in $nested; do
    set -- "$@" ":(exclude,literal)${inner%/}"
    if [ "$#" -gt 201 ]; then
      echo "there are more than 200 repositories inside the workspace" >&2
      exit 1
    fi
  done
  git add -A -- "$@" || exit 1
  count=0
  for inner in $nested; do
    count=$((count + 1))
    tree=$(snapshot "./${inner%/}" "$index.$count" $((depth + 1))) || exit 1
    if [ -n "$(git ls-tree "$tree")" ]; then
      git read-tree --prefix="$inner" "$tree" || exit 1
    fi
  done
  git write-tree
)

# Adds files that are there, tracked and ignored; only needed where the base's index could not be used.
force() {
  for path in "$@"; do
    if [ -e "$path" ] || [ -L "$path" ]; then
      GIT_WORK_TREE="$root" GIT_INDEX_FILE="$scratch/index" git --literal-pathspecs add -f -- "$path" || return 1
    fi
  done
}

attempt() {
  how=$1
  shift
  start "$how" || return 1
  [ "$how" = borrow ] || force "$@" || return 1
  tree=$(snapshot "$root" "$scratch/index" 0) || return 1
  known=
  if [ "$how" = borrow ]; then
    known="^$base"
  fi
  printf '%s\n' "$tree" $known | git pack-objects --revs --stdout -q --window=0 --delta-base-offset >"$scratch/pack"
}

attempt borrow "$@" 2>"$log" || attempt alone "$@" 2>"$log" ||
  fail "$(tail -c 400 "$log" | tr -c '[:print:]' ' ')"
size=$(($(wc -c <"$scratch/pack")))
[ "$size" -le "$limit" ] || fail "the change has $size bytes, and at most $limit are taken"
printf 'telecoder-export 1 tree %s\n' "$tree"
cat "$scratch/pack"
