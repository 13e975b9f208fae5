package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"
)

// errBroken says that a promise was broken.
var errBroken = errors.New("promises were broken: see the lines that say BROKEN")

// report prints what happened.
func (t *torture) report() {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nfault\thappened\tgot over in the same run\trun again\tchunks and statements repeated\tcame too late")
	var all tally
	for _, k := range allKinds() {
		c := t.count[k]
		if c == nil {
			continue
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\n", k, c.happened, c.inOneRun, c.runAgain, c.repeated, c.tookLater)
		all.happened, all.inOneRun, all.runAgain = all.happened+c.happened, all.inOneRun+c.inOneRun, all.runAgain+c.runAgain
		all.repeated, all.tookLater = all.repeated+c.repeated, all.tookLater+c.tookLater
	}
	fmt.Fprintf(w, "all\t%d\t%d\t%d\t%d\t%d\n", all.happened, all.inOneRun, all.runAgain, all.repeated, all.tookLater)
	_ = w.Flush() // to where all else goes
	if r := t.resumed; r.whole+r.refused > 0 {
		fmt.Fprintf(t.out, "\n%d dumps were resumed to their end and kept %d chunks; %d were refused, as the source had restarted, or been written to (%d times)\n",
			r.whole, r.chunks, r.refused, r.written)
	}
	if r := t.carried; r.whole+r.refused > 0 {
		fmt.Fprintf(t.out, "\n%d copies were carried on to their end and kept %d chunks; %d were refused, as the source had restarted, or been written to (%d times)\n",
			r.whole, r.chunks, r.refused, r.written)
	}
	if t.torn > 0 {
		fmt.Fprintf(t.out, "\n%d files of tables that a killed MySQL 5.6 did not know had to be removed by hand\n", t.torn)
	}
	fmt.Fprintf(t.out, "\nseed %d, %d dumps and loads compared row by row in %.0f s: %d rows lost, %d doubled, %d altered; %d promises broken\n",
		t.seed, t.compared, time.Since(t.startTime).Seconds(), t.total.lost, t.total.doubled, t.total.altered, len(t.failures))
}

func (t *torture) verdict() error {
	if len(t.failures) > 0 || t.total.any() {
		return errBroken
	}
	if t.compared == 0 {
		return errors.New("nothing was tested")
	}
	return nil
}
