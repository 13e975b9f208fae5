package transform

import (
	"maps"
	"slices"
)

// Adaptation is one kind of change, with how often it was made.
type Adaptation struct {
	What    string   `json:"what"`
	Count   int      `json:"count"`
	Objects []string `json:"objects"` // the first of them
}

// shownAdapted bounds the objects of an adaptation: there may be 100,000.
const shownAdapted = 3

// Adaptations are notes by what they say, in the order in which they came.
type Adaptations []Adaptation

// Add counts a note.
func (a *Adaptations) Add(n Note) {
	i := slices.IndexFunc(*a, func(one Adaptation) bool { return one.What == n.What })
	if i < 0 {
		i = len(*a)
		*a = append(*a, Adaptation{What: n.What})
	}
	one := &(*a)[i]
	if one.Count++; len(one.Objects) < shownAdapted {
		one.Objects = append(one.Objects, n.Object)
	}
}

// Notes say which names are changed.
func (n Names) Notes() (notes []Note) {
	for _, from := range slices.Sorted(maps.Keys(n.Schemas)) {
		notes = append(notes, Note{Object: "schema " + quoteName(from), What: "becomes schema " + quoteName(n.Schemas[from])})
	}
	for _, from := range slices.SortedFunc(maps.Keys(n.Tables), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		to := n.Tables[from]
		notes = append(notes, Note{Object: "table " + quoteName(from[0]) + "." + quoteName(from[1]), What: "becomes table " + quoteName(to[0]) + "." + quoteName(to[1])})
	}
	return notes
}

// Empty reports whether every name stays.
func (n Names) Empty() bool { return len(n.Schemas)+len(n.Tables) == 0 }

// List is the maps as FROM=TO, in the order of names.
func (n Names) List() []string {
	list := []string{}
	for from, to := range n.Schemas {
		list = append(list, quoteName(from)+"="+quoteName(to))
	}
	for from, to := range n.Tables {
		list = append(list, quoteName(from[0])+"."+quoteName(from[1])+"="+quoteName(to[0])+"."+quoteName(to[1]))
	}
	slices.Sort(list)
	return list
}
