package plan

import (
	"github.com/gomove/gomove/internal/mysql"
)

// followAndCutOver is the near-zero road after the move: replication, and the cut-over.
func (w *writer) followAndCutOver() []Step {
	ends := []string{"--source", w.o.Words.Source, "--target", w.to()}
	do := func(verb string, more ...string) string {
		return line(append(append([]string{"gomove", "replicate", verb}, ends...), more...))
	}
	start := do("start")
	switch {
	case w.place != "":
		start = do("start", "-d", w.place)
	case w.road != roadCopy:
		start = do("start", "--from", "FILE:POSITION")
	}
	compare := w.command("verify")
	return []Step{
		{ID: "follow", What: "Have the target follow the source from where it was read. The target must take no other writes from here on.", Commands: []string{start},
			Back: "Stop replication; the target stays as far as it has come, the source is as it was.", BackBy: []string{do("stop", "--forget", "--yes")}},
		{ID: "caught", What: "Wait until the target has caught up, and watch it for a day of the applications' life.", Commands: []string{do("status", "--watch")},
			Back: "Nothing was changed. What a broken replication needs, the command says; the safe way back is to stop it, drop what was moved, and move again.", BackBy: append([]string{do("stop", "--forget", "--yes")}, w.dropAll()...)},
		{ID: "follow-verify", What: "Compare every row while the target follows.", Commands: []string{compare},
			Back: "Nothing was changed. Where something differs, find out why, and move again.", BackBy: append([]string{do("stop", "--forget", "--yes")}, w.dropAll()...)},
		{ID: "cutover", What: "Cut over: the source becomes read-only (downtime begins), the target applies the rest, takes writes, and its events are enabled.",
			Commands: []string{do("cutover")}, Back: "As long as nothing was written to the target: take the cut-over back, and the applications go on with the source.", BackBy: []string{do("cutover", "--undo")}},
		{ID: "point", What: "Point the applications at the target and start them. Downtime ends.",
			Back: "Before the first write to the target: point them back, and take the cut-over back. After it: writes to the target are not on the source. Set replication up the other way before this step if a way back with them is needed, or accept to lose them."},
	}
}

// finishQuiet is the road with downtime after the move.
func (w *writer) finishQuiet() []Step {
	var out []Step
	if events := w.events(); len(events) > 0 && w.road != roadSnapshot && w.road != roadXtraBackup {
		off := make([]string, len(events))
		on := make([]string, len(events))
		for i, e := range events {
			on[i], off[i] = "ALTER EVENT "+e+" ENABLE;", "ALTER EVENT "+e+" DISABLE;"
		}
		out = append(out, Step{ID: "events", What: "Enable on the target those events that are enabled on the source.", Downtime: true, Commands: on,
			Back: "Disable them again.", BackBy: off})
	}
	return append(out, Step{ID: "point", What: "Point the applications at the target and start them. Downtime ends.",
		Back: "Before the first write to the target: point them back and allow writes to the source. After it: what was written to the target is not on the source, and is lost by going back."})
}

// events are the names of events that are moved.
func (w *writer) events() []string {
	var out []string
	for _, s := range w.cat.Schemas {
		for _, e := range s.Events {
			out = append(out, mysql.QuoteTable(w.schemaThere(s.Name), e))
		}
	}
	return out
}

func (w *writer) keepSource() Step {
	s := Step{ID: "keep", What: "Keep the source, read-only, until nobody misses anything; then take a last backup and retire it.",
		Back: "There is none after the source is gone: that is why this step is the last."}
	if w.report.Following {
		s.Commands = []string{line([]string{"gomove", "replicate", "stop", "--source", w.o.Words.Source, "--target", w.to(), "--forget", "--yes"})}
	}
	return s
}
