package main

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// kind is a kind of fault.
type kind string

// The kinds of faults. All but the last five can befall a dump and a load.
const (
	kill      kind = "kill"      // signal 9 to gomove
	interrupt kind = "interrupt" // Ctrl-C
	cut       kind = "cut"       // a connection is reset amid a packet
	orphan    kind = "orphan"    // the client's end is gone and the server does not know
	cutAll    kind = "cut-all"   // every connection is reset at once
	stall     kind = "stall"     // nothing passes for a while
	server    kind = "server"    // signal 9 to the server, which starts again
	session   kind = "session"   // KILL of one of gomove's sessions
	diskFull  kind = "disk-full" // of a dump
	deadlock  kind = "deadlock"  // of a load, with a second client
	lockWait  kind = "lock-wait" // of a load: a second client holds what it waits for
	s3Cut     kind = "s3-cut"    // with -s3: every connection to the bucket is reset at once
	s3Stall   kind = "s3-stall"  // with -s3: nothing passes to or from the bucket for a while
)

func everywhere() []kind { return []kind{kill, interrupt, cut, orphan, cutAll, stall, server, session} }

// everywhere adds what can befall a bucket.
func (t *torture) everywhere() []kind {
	if t.bucket == nil {
		return everywhere()
	}
	return append(everywhere(), s3Cut, s3Stall)
}

func allKinds() []kind {
	return append(everywhere(), diskFull, deadlock, lockWait, s3Cut, s3Stall)
}

// weight is how often a kind is drawn; the slow ones are rarer.
func (k kind) weight() int {
	switch k {
	case kill, cut:
		return 6
	case orphan, session, s3Cut:
		return 4
	case server, deadlock:
		return 3
	case cutAll, interrupt:
		return 2
	default:
		return 1
	}
}

// draw picks one of the kinds that the flags leave; none: an empty one.
func (o options) draw(rng *rand.Rand, kinds []kind) kind {
	kinds = o.allowed(kinds...)
	total := 0
	for _, k := range kinds {
		total += k.weight()
	}
	if total == 0 {
		return ""
	}
	n := rng.IntN(total)
	for _, k := range kinds {
		if n -= k.weight(); n < 0 {
			return k
		}
	}
	return ""
}

func (k kind) known() bool { return slices.Contains(allKinds(), k) }

func kindNames() string {
	var names []string
	for _, k := range allKinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// allowed are the kinds that the flags leave of some.
func (o options) allowed(kinds ...kind) (left []kind) {
	for _, k := range kinds {
		if len(o.only) == 0 || slices.Contains(o.only, k) {
			left = append(left, k)
		}
	}
	return left
}
