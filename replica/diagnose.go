package replica

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/progress"
)

// From where on a lag is worth a word, and how long it may take to go.
const (
	noLag   = 5 // seconds
	longETA = 24 * time.Hour
)

var relaySpace = pattern(`(?i)to free enough relay log space`)

// settled reports a reading that needs no second one to be judged.
func (r reading) settled() bool {
	s := r.status
	if s == nil || s.SQLErrno != 0 || s.IOErrno != 0 || s.IO == "No" || s.SQL == "No" {
		return true
	}
	return s.IO == "Yes" && s.SQL == "Yes" && r.reached()
}

// reached reports that everything of the source's log is applied.
func (r reading) reached() bool {
	return r.source != nil && r.status.Applied.reaches(*r.source) && r.status.Read.reaches(*r.source)
}

// diagnose judges the last of the readings by those before it.
func diagnose(ctx context.Context, e *ends, readings []reading) (*Report, error) {
	first, last := readings[0], readings[len(readings)-1]
	r := &Report{Target: described(e.target), Status: last.status, At: last.at}
	s := last.status
	if s == nil {
		r.Verdict, r.Why = NotConfigured, "the target has no source (or is a reader of a cluster, which has none)"
		r.advise("gomove replicate start --source URI --target URI, from the place of the last copy")
		return r, nil
	}
	r.Lag = s.Lag
	over, err := e.lastCutover(ctx)
	if err != nil {
		return nil, err
	}
	if s.Others > 0 {
		r.say("%d more channels are configured, which are not looked at", s.Others)
	}
	if len(s.Filters) > 0 {
		r.say("the target leaves changes out: %s", strings.Join(s.Filters, "; "))
	}
	if s.Delay > 0 {
		r.say("the target keeps %d s behind on purpose", s.Delay)
	}
	if err := e.measureBehind(ctx, r, last); err != nil {
		return nil, err
	}
	switch {
	case s.SQLErrno != 0:
		return r, e.brokenApplying(ctx, r)
	case s.IOErrno != 0:
		return r, e.brokenReceiving(ctx, r)
	case s.IO == "No" && s.SQL == "No" && over != nil:
		r.Verdict, r.Why = CutOver, fmt.Sprintf("the target took the writes over at %s UTC, and follows nobody", over.done)
		r.advise("for good: gomove replicate stop --forget, with the same servers; back: gomove replicate cutover --undo")
	case s.IO == "No" && s.SQL == "No":
		r.Verdict, r.Why = Stopped, "neither thread runs, and neither has an error: somebody stopped them"
	case s.SQL == "No":
		r.Verdict, r.Why = Stopped, "what is received is not applied: the applying thread is stopped, without an error"
	case s.IO == "No":
		r.Verdict, r.Why = Stopped, "nothing is received: the receiving thread is stopped, without an error"
	case s.IO != "Yes":
		r.Verdict, r.Why = Connecting, "the target has not reached the source so far, and reports no error yet"
		r.advise("look for lines with ERROR in the target's error log when this lasts, and log in by hand from the target's network to %s:%d", s.SourceHost, s.SourcePort)
	default:
		return r, e.judge(ctx, r, first, last)
	}
	if r.Verdict == Stopped {
		r.advise("gomove replicate restart")
	}
	return r, nil
}

// judge is for two threads that run without an error.
func (e *ends) judge(ctx context.Context, r *Report, first, last reading) error {
	s := last.status
	moved := first.status.Applied != s.Applied || first.status.Executed != s.Executed
	took := last.at.Sub(first.at)
	switch {
	case last.reached(): // before all else: what InnoDB tells of transactions may be older
		r.Verdict, r.Why = CaughtUp, fmt.Sprintf("everything up to the end of the source's log, %s, is applied", last.source)
		return nil
	case took == 0:
		r.Verdict, r.Why = Moving, "both threads run; gomove replicate status looks twice, and says more"
		return nil
	}
	waits, err := e.blocked(ctx, r, first, last, moved)
	if err != nil || waits {
		return err
	}
	switch {
	case moved:
		r.say("applied %s, and %s %.1f s later", first.status.Applied, s.Applied, took.Seconds())
		e.trend(r, first, last)
		if r.Verdict == Slow {
			r.Measures, err = e.measures(ctx)
		}
	case last.working():
		e.busy(r, first, last)
	case last.source != nil && first.source != nil && !s.Read.reaches(*first.source) && took > 0:
		r.Verdict, r.Why = Silent, fmt.Sprintf("the source's log was at %s %.1f s ago, and the target has received %s", first.source, took.Seconds(), s.Read)
		r.advise("the connection may be cut without a word, which the target notices after its slave_net_timeout: gomove replicate restart connects again")
	default:
		r.Verdict, r.Why = Idle, "everything that was received is applied, and nothing comes"
		if last.source == nil {
			r.advise("--source URI tells whether the source has more")
		}
	}
	if relaySpace().MatchString(s.IOState) && (r.Verdict == Moving || r.Verdict == Busy) {
		r.say("without the limit on relay logs it would be called %s: %s", r.Verdict, r.Why)
		r.Verdict, r.Why = RelaySpace, fmt.Sprintf("the receiving thread pauses until some of the %s of relay logs are applied: normal, it slows nothing", progress.Bytes(s.RelayBytes))
	}
	return err
}

// working reports an applier that is in the midst of something.
func (r reading) working() bool {
	return slices.ContainsFunc(r.appliers, func(a applier) bool {
		t, open := r.transactions[a.id]
		return !a.wait || open && t.Modified > 0
	})
}

// trend judges a replication that moves by its lag.
func (e *ends) trend(r *Report, first, last reading) {
	r.Verdict, r.Why = Moving, "changes are applied"
	a, b := first.status.Lag, last.status.Lag
	took := last.at.Sub(first.at).Seconds()
	if a == nil || b == nil || took == 0 {
		return
	}
	gained := float64(*a-*b) / took // seconds of lag a second
	r.say("lag %d s, and %d s %.1f s later", *a, *b, took)
	switch {
	case *b < noLag:
		r.Why = "changes are applied as they come"
	case gained < 0:
		r.Verdict, r.Why = Slow, fmt.Sprintf("changes are applied, and the target falls further behind: %.1f s of lag more each minute", -60*gained)
	case gained == 0:
		r.Why = "changes are applied, and the lag stands: look again after a longer --interval"
	default:
		eta := int64(float64(*b) / gained)
		r.ETA = &eta
		r.Why = "changes are applied, and the lag falls"
		if time.Duration(eta)*time.Second > longETA {
			r.Verdict, r.Why = Slow, fmt.Sprintf("at this pace the target needs %s to catch up", progress.Duration(time.Duration(eta)*time.Second))
		}
	}
}

// busy shows what an applier does whose place stands still. It is never called stuck: a statement may take hours, and the place moves at its end.
func (e *ends) busy(r *Report, first, last reading) {
	r.Verdict, r.Why = Busy, "the place stands still while one transaction is applied"
	grown := false
	for _, a := range last.appliers {
		t, open := last.transactions[a.id]
		if a.wait && !open {
			continue
		}
		r.say("thread %d, for %d s: %s %s", a.id, a.time, a.state, a.info)
		before, was := first.transactions[a.id]
		if !open || !was {
			continue
		}
		r.say("its transaction: %d undo log entries and %d row locks, %d and %d %.1f s later", before.Modified, before.Locked, t.Modified, t.Locked, last.at.Sub(first.at).Seconds())
		if t.Modified != before.Modified || t.Locked != before.Locked {
			grown = true
		}
	}
	switch {
	case grown:
		r.Why += ", and its changes grow: it is not stuck"
	default:
		r.Why += "; its changes did not grow between the readings, and it waits for no lock: it reads many rows for each that it changes"
		r.advise("a table without a primary key has all its rows read for each row that is changed: gomove check (P03) lists them; --interval 60s gives a better look")
	}
}

// measureBehind counts the bytes of the source's log that are not applied yet.
func (e *ends) measureBehind(ctx context.Context, r *Report, last reading) error {
	if e.source == nil || last.source == nil || last.status.Applied.File == "" {
		return nil
	}
	files, err := logFiles(ctx, e.source)
	if err != nil || len(files) == 0 {
		return nil // the account may not, and the verdict does not hang on it
	}
	at := last.status.Applied
	i := slices.IndexFunc(files, func(f logFile) bool { return f.name == at.File })
	if i < 0 {
		return nil
	}
	n := int64(0)
	for _, f := range files[i:] {
		if suffix(f.name) > suffix(last.source.File) {
			break
		}
		size := f.size
		if f.name == last.source.File {
			size = last.source.Position
		}
		n += int64(size)
	}
	n = max(0, n-int64(at.Position))
	r.Behind = &n
	return nil
}
