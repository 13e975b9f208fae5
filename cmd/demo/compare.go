package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/internal/testdb"
)

// errDiffers says that the target is not what the source is.
var errDiffers = errors.New("source and target differ")

// content is what one server holds.
type content struct {
	tables  []testdb.TableSum
	objects []testdb.ObjectCount
}

// compare reads every row of both servers and prints the verdict on each table and each kind of object.
func (d *demo) compare(ctx context.Context) error {
	var source, target content
	fmt.Fprintln(d.out)
	err := d.step("Reading every row of both servers", func() error {
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() (err error) { source, err = read(ctx, d.source); return err })
		g.Go(func() (err error) { target, err = read(ctx, d.target); return err })
		return g.Wait()
	})
	if err != nil {
		return err
	}
	return report(d.out, source, target)
}

func read(ctx context.Context, s *testdb.Server) (content, error) {
	db, err := s.Open("")
	if err != nil {
		return content{}, err
	}
	defer db.Close()
	tables, err := testdb.TableSums(ctx, db, schemas()...)
	if err != nil {
		return content{}, err
	}
	objects, err := testdb.ObjectCounts(ctx, db, schemas()...)
	return content{tables, objects}, err
}

// report prints the tables of either side, and errDiffers is its error when one line is not equal.
func report(out io.Writer, source, target content) error {
	equal := true
	verdict := func(same bool) string {
		equal = equal && same
		if same {
			return "yes"
		}
		return "NO"
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\ntable\trows source\trows target\tchecksum source\tchecksum target\tequal")
	for _, p := range pairs(source.tables, target.tables) {
		s, t := p[0], p[1]
		fmt.Fprintf(w, "%s\t%s\t%s\t%.16s\t%.16s\t%s\n", name(s, t), rows(s), rows(t), sum(s), sum(t),
			verdict(s != nil && t != nil && *s == *t))
	}
	fmt.Fprintln(w, "\nobjects\tsource\ttarget\tchecksum source\tchecksum target\tequal")
	for i, s := range source.objects {
		t := target.objects[i]
		fmt.Fprintf(w, "%s\t%d\t%d\t%.16s\t%.16s\t%s\n", s.Kind, s.Count, t.Count, s.Sum, t.Sum, verdict(s == t))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !equal {
		fmt.Fprintln(out, "\nDIFFERENT: see the lines that say NO")
		return errDiffers
	}
	fmt.Fprintln(out, "\nEverything is equal.")
	return nil
}

// pairs joins the two lists by name; a table that one side lacks is nil there.
func pairs(source, target []testdb.TableSum) [][2]*testdb.TableSum {
	type key struct{ schema, table string }
	index := map[key]int{}
	var joined [][2]*testdb.TableSum
	for side, list := range [][]testdb.TableSum{source, target} {
		for i := range list {
			k := key{list[i].Schema, list[i].Table}
			at, ok := index[k]
			if !ok {
				at = len(joined)
				index[k] = at
				joined = append(joined, [2]*testdb.TableSum{})
			}
			joined[at][side] = &list[i]
		}
	}
	return joined
}

func name(s, t *testdb.TableSum) string {
	if s == nil {
		s = t
	}
	if s.View {
		return s.Schema + "." + s.Table + " (view)"
	}
	return s.Schema + "." + s.Table
}

func rows(s *testdb.TableSum) string {
	if s == nil {
		return "missing"
	}
	return fmt.Sprint(s.Rows)
}

func sum(s *testdb.TableSum) string {
	if s == nil {
		return "missing"
	}
	return s.Sum
}
