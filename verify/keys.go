package verify

import (
	"context"
	"slices"
	"strings"

	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

const (
	maxKeys     = 5000 // more are looked for in the ranges that differ
	keysInQuery = 200
)

// readKeys reads rows by their keys. It returns nil where that is not possible: the table has no key, the key's values cannot
// be written in SQL so that each server finds the row again, there are too many, or a row was found on neither side: it may be
// gone, or there and not found.
func (c *comparison) readKeys(ctx context.Context, p *pair, rows []mismatch, wanted map[dump.RowSum]bool) (*[2]collection, error) {
	if !p.findable() || len(rows) > maxKeys {
		return nil, nil
	}
	var conditions []string
	for _, m := range rows {
		r := m.source
		if r == nil || r.kept == nil {
			r = m.target
		}
		if r == nil || r.kept == nil || slices.ContainsFunc(r.kept.key, func(v []byte) bool { return v == nil }) {
			return nil, nil
		}
		one := chunker.Range{Equal: r.kept.key}
		conditions = append(conditions, "("+one.Where(p.key)+")")
	}
	var both [2]collection
	for batch := range slices.Chunk(conditions, keysInQuery) {
		got, err := c.collectWhere(ctx, p, "("+strings.Join(batch, " OR ")+")", nil, wanted)
		if mysql.Number(err) != 0 && !mysql.IsConnectionLost(err) {
			return nil, nil // such as text that is not valid in its charset
		}
		if err != nil {
			return nil, err
		}
		for side := range both {
			both[side].add(got[side])
		}
	}
	found := make(map[dump.RowSum]bool, len(wanted))
	for side := range both {
		for _, r := range both[side].rows {
			found[r.key] = true
		}
	}
	if len(found) < len(wanted) {
		return nil, nil
	}
	return &both, nil
}

// findable reports whether rows can be found by the values of their key on both sides.
func (p *pair) findable() bool {
	if p.key == nil || len(p.keyAt) != len(p.key.Parts) || p.object != nil {
		return false
	}
	return !slices.ContainsFunc(p.key.Parts, func(k chunker.Part) bool {
		switch k.Kind {
		case chunker.Integer, chunker.Decimal, chunker.Text, chunker.Binary, chunker.Temporal:
			return false
		case chunker.Float, chunker.Year, chunker.Bit, chunker.Enum, chunker.Set, chunker.Other:
		}
		return true
	})
}
