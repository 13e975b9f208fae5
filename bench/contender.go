package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// role is what a contender is measured for.
type role string

const (
	subject role = "gomove"
	rival   role = "peer"
	limit   role = "limit"  // what the server gives to whoever does nothing else
	base    role = "base"   // gomove at the easier form of the same work
	beside  role = "beside" // gomove at the same work in another way, for comparison: no target is held against it
)

// contender is one command of a job.
type contender struct {
	name    string
	role    role
	command string // for sh, with {placeholders}
	set     *set   // whose schema is {schema}
	in      string // what {in} is
	loads   bool   // it fills the schema {schema}, which is dropped before each run; else it may fill {out}
	copies  bool   // it fills the schema {schema}_copy, which is dropped before each run
	bucket  bool   // it fills {s3}
	tool    string // of {tool}: a program that does not stand on PATH
}

// filled is the schema that a contender fills.
func (c *contender) filled() string {
	if c.copies {
		return c.set.schema() + "_copy"
	}
	return c.set.schema()
}

// outDir is where dumps go.
func (h *host) outDir() string { return filepath.Join(h.dir, "out") }

// expand fills in the placeholders.
func (h *host) expand(c *contender) string {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return h.inBucket(strings.NewReplacer(
		"{host}", h.Host, "{port}", strconv.Itoa(h.Port), "{user}", h.User, "{schema}", c.set.schema(),
		"{threads}", strconv.Itoa(h.o.threads), "{out}", h.outDir(), "{in}", c.in, "{gomove}", h.o.gomove,
		"{bench}", self, "{client}", shellWords(h.ClientCommand()), "{tool}", c.tool,
	).Replace(c.command))
}

// shellWords quotes words for sh.
func shellWords(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}

// How the tools connect, without TLS: mydumper of Debian and the limit of reading have none either.
const (
	connect = " -h {host} -P {port} -u {user} "
	inClear = connect + "--ssl-mode DISABLED "
)

// The commands of gomove. Its checks are on: they cannot be turned off.
const (
	gomoveDump     = "{gomove} dump" + inClear + "-B {schema} -t {threads} --progress none --compress none -o {out}"
	gomoveDumpZstd = "{gomove} dump" + inClear + "-B {schema} -t {threads} --progress none -o {out}"
	gomoveDumpTLS  = "{gomove} dump" + connect + "--ssl-mode REQUIRED -B {schema} -t {threads} --progress none --compress none -o {out}"
	gomoveLoad     = "{gomove} load" + inClear + "-d {in} -t {threads} --progress none --skip-binlog"
)

// The commands of a copy beside its source.
const (
	gomoveCopy = "{gomove} copy --source 'mysql://{user}@{host}:{port}/?ssl-mode=DISABLED' --target 'mysql://{user}@{host}:{port}/?ssl-mode=DISABLED' -B {schema} --schema-map {schema}={schema}_copy -t {threads}" +
		" --progress none --skip-binlog"
	gomoveDumpLoad  = gomoveDumpZstd + thenLoad
	gomovePlainLoad = gomoveDump + thenLoad
	thenLoad        = " && {gomove} load" + inClear + "-d {out} --schema-map {schema}={schema}_copy -t {threads} --progress none --skip-binlog"
	clientCopy      = "{client} -e 'CREATE DATABASE {schema}_copy' && {tool}" + connect + "--single-transaction --quick {schema} |" +
		" {client} --max-allowed-packet=64M --init-command='SET sql_log_bin=0, unique_checks=0, foreign_key_checks=0' {schema}_copy"
)

// The commands of the others, each with the settings that were the fastest of those that were tried.
const (
	mydumperDump = "mydumper" + connect + "-B {schema} -t {threads} --trx-consistency-only -r 100000 -o {out}"
	mydumperZstd = mydumperDump + " && find {out} -name '*.sql' -print0 | xargs -0 -r -P {threads} -n 4 zstd -1 -q --rm"
	mydumperGzip = mydumperDump + " -c"
	// all its files as one: the schema, the tables, the rows
	mydumperJoined = mydumperDump + " && cd {out} && { cat {schema}-schema-create.sql; echo 'USE {schema};'; cat {schema}.*-schema.sql;" +
		" ls | grep -v -e schema -e metadata | xargs cat; } > {out}.sql"
	dumpClient   = "{tool}" + connect + "--single-transaction --quick --databases {schema} > {out}.sql"
	myloaderLoad = "myloader" + connect + "-d {in} -t {threads}"
	clientLoad   = "{client} --max-allowed-packet=64M --init-command='SET sql_log_bin=0, unique_checks=0, foreign_key_checks=0' < {in}"
)

// dumpPeers are the tools on this machine that dump.
func (h *host) dumpPeers(s *set) []*contender {
	var out []*contender
	if onPath("mydumper") {
		out = append(out, &contender{name: "mydumper", role: rival, command: mydumperDump, set: s})
	}
	for _, tool := range h.dumpClients() {
		out = append(out, &contender{name: filepath.Base(tool), role: rival, command: dumpClient, set: s, tool: clientTool(tool, h.ClientCommand())})
	}
	for _, p := range h.o.peers {
		if strings.Contains(p.command, "{out}") {
			out = append(out, &contender{name: p.name, role: rival, command: p.command, set: s})
		}
	}
	return out
}

// dumpClients are mysqldump and mariadb-dump: the one that stands beside the server's own client, and those on PATH.
func (h *host) dumpClients() []string {
	var out []string
	if argv := h.ClientCommand(); argv != nil {
		for _, word := range argv {
			beside := filepath.Join(filepath.Dir(word), "mysqldump")
			if filepath.Base(word) == "mysql" && isFile(beside) {
				return []string{beside}
			}
		}
	}
	for _, name := range []string{"mariadb-dump", "mysqldump"} {
		if p, err := exec.LookPath(name); err == nil && len(out) == 0 {
			out = append(out, p)
		}
	}
	return out
}

// clientTool runs a program in the way in which the client beside it is run.
func clientTool(tool string, client []string) string {
	for i, word := range client {
		if filepath.Dir(word) == filepath.Dir(tool) && filepath.Base(word) == "mysql" {
			return shellWords(append(client[:i:i], tool)) + " --no-defaults --ssl-mode=DISABLED --set-gtid-purged=OFF"
		}
	}
	return shellWords([]string{tool}) + " --no-defaults"
}

func onPath(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// reset makes room for a run: no dump of an earlier one, no schema that a load would meet.
func (h *host) reset(ctx context.Context, c *contender) error {
	for _, path := range []string{h.outDir(), h.outDir() + ".sql"} {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	if c.bucket {
		if err := h.emptyBucket(); err != nil {
			return err
		}
	}
	if c.loads || c.copies {
		if err := quietly(ctx, h.db, "DROP DATABASE IF EXISTS "+c.filled()); err != nil {
			return err
		}
	}
	return h.calm(ctx)
}
