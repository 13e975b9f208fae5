package selection

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Nearest returns up to n of names that are likely to be meant by name, the most likely first.
func Nearest(name string, names []string, n int) []string {
	type scored struct {
		name string
		cost int
	}
	want := strings.ToLower(name)
	limit := max(2, utf8.RuneCountInString(want)/3)
	var near []scored
	for _, have := range names {
		cost := distance(want, strings.ToLower(have))
		if strings.HasPrefix(strings.ToLower(have), want) {
			cost = min(cost, 1)
		}
		if cost <= limit {
			near = append(near, scored{have, cost})
		}
	}
	slices.SortStableFunc(near, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), strings.Compare(a.name, b.name))
	})
	var out []string
	for _, s := range near[:min(n, len(near))] {
		out = append(out, s.name)
	}
	return out
}

// distance is the number of characters to insert, delete or replace.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range y {
			cost := diagonal
			if r != s {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
