package dump

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/gomove/gomove/internal/store"
)

// names gives objects the start of their file names. It is safe for concurrent use.
type names struct {
	raw bool // schemas keep odd names where a file name can hold them: myloader 0.10 takes the name from the file's

	mu      sync.Mutex
	seed    maphash.Seed
	taken   map[uint64]uint64    // hash of the name in lower case to hash of the name itself: 100,000 tables are few MB
	aliases map[[2]string]string // of schema and table
}

const (
	aliasPrefix = "gomove_"
	// maxPlainName is above MySQL's 64 characters; a base of two such names and a suffix fit every file system.
	maxPlainName = 100
)

func newNames(p Preset) *names {
	return &names{raw: p == ForMyloader, seed: maphash.MakeSeed(), taken: map[uint64]uint64{}, aliases: map[[2]string]string{}}
}

// base returns "schema" or "schema.table", either part an alias where its name cannot be part of a file name.
func (n *names) base(schema, table string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	base := n.part(schema, "", schema)
	if table == "" {
		return base
	}
	return base + "." + n.part(schema, table, table)
}

func (n *names) part(schema, table, name string) string {
	key := [2]string{schema, table}
	if alias, ok := n.aliases[key]; ok {
		return alias
	}
	if n.standsAs(name, table == "") {
		folded := n.hash(schema, strings.ToLower(table))
		if table == "" {
			folded = n.hash(strings.ToLower(schema), "")
		}
		exact := n.hash(schema, table)
		owner, taken := n.taken[folded]
		if !taken {
			n.taken[folded] = exact
		}
		if !taken || owner == exact {
			return name
		}
	}
	alias := fmt.Sprintf("%s%06d", aliasPrefix, len(n.aliases)+1)
	n.aliases[key] = alias
	return alias
}

func (n *names) hash(schema, table string) uint64 {
	var h maphash.Hash
	h.SetSeed(n.seed)
	_, _ = h.WriteString(schema)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(table)
	return h.Sum64()
}

// standsAs reports whether an object's name can be part of a file name.
func (n *names) standsAs(name string, isSchema bool) bool {
	if !isSchema {
		return isPlainName(name)
	}
	return isPlainName(name) && !isDeviceName(name) || n.raw && isRawName(name)
}

// isRawName reports whether myloader 0.10 gets the name of a schema back from a file name that holds it as it is: it
// cuts at the first dot and quotes nothing.
func isRawName(name string) bool {
	return store.CheckName(name) == nil && len(name) <= maxPlainName && name[0] != '-' && !strings.ContainsAny(name, ".`") &&
		!strings.Contains(name, "-schema") && strings.IndexFunc(name, unicode.IsControl) < 0
}

// isPlainName reports whether a name can stand in a file name as it is: [A-Za-z0-9_$-]+, not like an option of a
// command, without what other readers cut file names at, and not like an alias.
func isPlainName(name string) bool {
	if name == "" || len(name) > maxPlainName || name[0] == '-' {
		return false
	}
	for i := range len(name) {
		c := name[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '_' && c != '$' && c != '-' {
			return false
		}
	}
	lower := strings.ToLower(name)
	return !strings.Contains(lower, "-schema") && !strings.HasPrefix(lower, aliasPrefix) && !strings.HasPrefix(lower, "mydumper_")
}

// isDeviceName reports names that Windows keeps for devices, whatever follows their first dot.
func isDeviceName(name string) bool {
	name = strings.ToLower(name)
	if len(name) == 4 && (name[:3] == "com" || name[:3] == "lpt") {
		return name[3] >= '0' && name[3] <= '9'
	}
	return slices.Contains([]string{"con", "prn", "aux", "nul"}, name)
}

// EndsByLine reports whether statements of a file of a dump for myloader, or of mydumper, end at semicolons before line ends: the
// bodies of triggers, routines and events stand there without a delimiter of their own. name is without the suffix of a compression.
func EndsByLine(name string) bool {
	return strings.HasSuffix(name, "-schema-post.sql") || strings.HasSuffix(name, "-schema-triggers.sql")
}
