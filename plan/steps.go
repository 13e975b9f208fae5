package plan

import (
	"strconv"
	"strings"
)

// unknownTarget stands in the commands of a plan without --target.
const unknownTarget = "mysql://ADMIN@CLUSTER-ENDPOINT/"

// dumpPlace stands for where the dump goes.
const (
	dumpDir = "/backup/migration"
	dumpS3  = "s3://BUCKET/migration"
)

// writer writes the checklist of one road.
type writer struct {
	*planning
	road  string
	place string // of the dump; "" for a copy
}

// command is a gomove command between both servers.
func (w *writer) command(name string, more ...string) string {
	words := append([]string{"gomove", name, "--source", w.o.Words.Source, "--target", w.to()}, w.o.Words.Selection...)
	if name != "check" { // which looks at whole tables
		words = append(words, w.o.Words.Where...)
	}
	return line(append(append(words, w.o.Words.Names...), more...))
}

func (w *writer) to() string {
	if w.o.Words.Target == "" {
		return unknownTarget
	}
	return w.o.Words.Target
}

// line quotes words for a shell.
func line(words []string) string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = word
		if word == "" || strings.ContainsAny(word, " \t\n'\"\\$`*?[]{}()<>|&;!#~") {
			out[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}

// steps writes the checklist of the chosen road, with the way back of each step.
func (p *planning) steps() {
	w := &writer{planning: p, road: p.report.Roads[0].ID}
	switch w.road {
	case roadDump:
		w.place = dumpDir
	case roadS3:
		w.place = dumpS3
	}
	out := []Step{w.check()}
	if p.report.Following {
		out = append(out, w.keepLogs())
	} else {
		out = append(out, w.stopWrites())
	}
	out = append(out, w.move()...)
	if p.report.Following {
		out = append(out, w.followAndCutOver()...)
	} else {
		out = append(out, w.finishQuiet()...)
	}
	for i := range out {
		out[i].Downtime = out[i].Downtime && !p.report.Following || out[i].ID == "cutover" || out[i].ID == "point"
	}
	p.report.Steps = append(out, w.keepSource())
}

func (w *writer) check() Step {
	return Step{ID: "check", What: "Look again for what stands in the way, and settle every error and warning.", Commands: []string{w.command("check")},
		Back: "Nothing was changed."}
}

func (w *writer) keepLogs() Step {
	f := &w.source.Facts
	s := Step{ID: "logs", What: "Have the source keep its binary logs for longer than all that follows will take, a week to be safe.",
		Back: "Set the retention back to what it was; logs that are older go by themselves."}
	switch {
	case f.Product.AWS():
		s.Commands = []string{"CALL mysql.rds_set_configuration('binlog retention hours', 168);"}
	case f.Variables["binlog_expire_logs_seconds"] != "":
		s.Commands = []string{"SET GLOBAL binlog_expire_logs_seconds=604800;"}
		s.BackBy = []string{"SET GLOBAL binlog_expire_logs_seconds=" + f.Variables["binlog_expire_logs_seconds"] + ";"}
	default:
		s.Commands = []string{"SET GLOBAL expire_logs_days=7;"}
		s.BackBy = []string{"SET GLOBAL expire_logs_days=" + f.Variables["expire_logs_days"] + ";"}
	}
	return s
}

func (w *writer) stopWrites() Step {
	s := Step{ID: "stop", What: "Stop all writes to the source: stop the applications, then make it read-only. Downtime begins.", Downtime: true,
		Back: "Allow writes to the source and start the applications: nothing has changed. Downtime ends."}
	if w.source.Facts.Product.Managed() {
		s.What += " On this managed server: " + w.source.Facts.SetVariable("read_only", "1") + "."
		s.BackBy = []string{"-- " + w.source.Facts.SetVariable("read_only", "0")}
		return s
	}
	s.Commands, s.BackBy = []string{"SET GLOBAL read_only=1;"}, []string{"SET GLOBAL read_only=0;"}
	return s
}

func (w *writer) threads() []string {
	if w.o.Threads == 0 {
		return nil
	}
	return []string{"-t", strconv.Itoa(w.o.Threads)}
}

const emptyTarget = "On the target, drop what was moved; the source was only read. The same command, given again, carries on where it can."

// move is the part that differs by the road.
func (w *writer) move() []Step {
	var out []Step
	verify := []string{"gomove", "verify"}
	switch w.road {
	case roadCopy:
		out = append(out, Step{ID: "copy", What: "Copy schemas, rows, indexes, foreign keys and objects in one step. Events are created disabled.", Downtime: true,
			Commands: []string{w.command("copy", w.threads()...)}, Back: emptyTarget, BackBy: w.dropAll()})
		verify = append(append(verify, "--source", w.o.Words.Source), w.o.Words.Where...)
	case roadDump, roadS3:
		dump := []string{"gomove", "dump", "--source", w.o.Words.Source}
		dump = append(append(append(append(dump, w.o.Words.Selection...), w.o.Words.Where...), w.threads()...), "-o", w.place)
		load := append([]string{"gomove", "load", "-d", w.place, "--target", w.to()}, w.o.Words.Names...)
		load = append(load, w.threads()...)
		remove := "rm -r " + w.place
		if w.road == roadS3 {
			dump, load = append(dump, "--for", "aurora"), append(load, "--via", "s3")
			remove = "aws s3 rm --recursive " + w.place
		}
		out = append(out,
			Step{ID: "dump", What: "Dump the source from one consistent state.", Downtime: true, Commands: []string{line(dump)},
				Back: "Remove the dump; the source was only read.", BackBy: []string{remove}},
			Step{ID: "load", What: "Load the dump. Events are created disabled.", Downtime: true, Commands: []string{line(load)}, Back: emptyTarget, BackBy: w.dropAll()})
		verify = append(verify, "-d", w.place)
	default:
		return w.physicalMove()
	}
	if w.report.Following && w.road == roadCopy {
		return out // compared once the target follows: the source moves on
	}
	return append(out, Step{ID: "verify", What: "Compare every row and definition.", Downtime: true,
		Commands: []string{line(append(append(append(verify, "--target", w.to()), w.o.Words.Selection...), w.o.Words.Names...))},
		Back:     "Nothing was changed. Where something differs, drop what was moved and find out why before the next try.", BackBy: w.dropAll()})
}

// physicalMove is a snapshot or XtraBackup, which the console does.
func (w *writer) physicalMove() []Step {
	const back = "Delete the new cluster, the snapshot and the backup; the source was only read."
	if w.road == roadSnapshot {
		take := "Take a snapshot of the source, and wait until it is available."
		if w.report.Following {
			take = "Create a read replica of the source; when it has caught up, stop its replication (CALL mysql.rds_stop_replication) and note Relay_Master_Log_File and Exec_Master_Log_Pos of SHOW SLAVE STATUS (Relay_Source_Log_File and Exec_Source_Log_Pos of SHOW REPLICA STATUS). Take a snapshot of the replica, and wait until it is available."
		}
		return []Step{
			{ID: "snapshot", What: take, Downtime: true, Back: "Delete the snapshot and the replica; the source was only read."},
			{ID: "migrate", What: "In the console, migrate the snapshot to a new Aurora cluster, and wait until it is available.", Downtime: true, Back: back},
			w.compare(),
		}
	}
	return []Step{
		{ID: "backup", What: "On the source's machine, make the backup, and note the coordinates that it prints (xtrabackup_binlog_info).", Downtime: true,
			Commands: []string{"xtrabackup --backup --stream=xbstream --target-dir=/backup/xtra | split -d --bytes=500MB - /backup/xtra/backup.xbstream."}, Back: "Remove the backup; the source was only read.", BackBy: []string{"rm -r /backup/xtra"}},
		{ID: "upload", What: "Upload it to S3.", Downtime: true, Commands: []string{"aws s3 cp --recursive /backup/xtra s3://BUCKET/xtra"}, Back: "Remove it from S3.", BackBy: []string{"aws s3 rm --recursive s3://BUCKET/xtra"}},
		{ID: "restore", What: "In the console, restore from S3 into a new Aurora cluster; make the accounts again, and move the routines with gomove.", Downtime: true,
			Commands: []string{w.command("copy", "--no-data", "--if-exists", "skip")}, Back: back},
		w.compare(),
	}
}

// compare is for a target that was not made by gomove.
func (w *writer) compare() Step {
	return Step{ID: "compare", What: "Compare every row and definition; where the target follows the source already, that is taken into account.", Downtime: true,
		Commands: []string{w.command("verify")}, Back: "Nothing was changed."}
}
