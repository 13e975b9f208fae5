package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
)

// contenders are the commands of a job, what they need prepared in the folder work, and the bytes of the rows as CSV.
func (h *host) contenders(ctx context.Context, s *set, job, work string) ([]*contender, int64, error) {
	csv := filepath.Join(work, "csv")
	if err := h.prepare(ctx, &contender{command: gomoveDump, set: s}, csv); err != nil {
		return nil, 0, err
	}
	bytes, err := chunkBytes(csv)
	if err != nil {
		return nil, 0, err
	}
	var all []*contender
	switch job {
	case jobDump:
		all = append([]*contender{{name: "gomove", role: subject, command: gomoveDump, set: s}}, h.dumpPeers(s)...)
		read, err := h.readLimit(s, work)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, read)
		if h.Kind == testdb.MySQL97 { // which makes its own certificate
			all = append(all, &contender{name: "gomove over TLS", role: beside, command: gomoveDumpTLS, set: s})
		}
	case jobDumpZstd:
		all = h.compressed(s)
	case jobBig:
		all = []*contender{
			{name: "gomove, one table", role: subject, command: gomoveDump, set: s},
			{name: fmt.Sprintf("gomove, %d tables", bigParts), role: base, command: gomoveDump, set: findSet("parts")},
		}
	case jobCopy:
		all = h.copies(s)
	case jobDumpS3:
		all, err = h.bucketDumps(ctx, s)
	case jobLoadS3:
		all, err = h.bucketLoads(ctx, s, work)
	case jobLoadSQL:
		all, err = h.fileLoaders(ctx, s, work)
	case jobLoad:
		all, err = h.loaders(ctx, s, csv, work)
	}
	if err != nil {
		return nil, 0, err
	}
	if job != jobLoad {
		if err := os.RemoveAll(csv); err != nil {
			return nil, 0, err
		}
	}
	return all, bytes, err
}

// copies are the ways from one schema into another.
func (h *host) copies(s *set) []*contender {
	all := []*contender{
		{name: "gomove", role: subject, command: gomoveCopy, set: s, copies: true},
		{name: "gomove dump, then load", role: base, command: gomoveDumpLoad, set: s, copies: true},
		{name: "gomove dump uncompressed, then load", role: beside, command: gomovePlainLoad, set: s, copies: true},
	}
	if h.ClientCommand() == nil {
		return all
	}
	for _, tool := range h.dumpClients() {
		all = append(all, &contender{
			name: filepath.Base(tool) + " | " + filepath.Base(h.client()), role: rival, command: clientCopy, set: s, copies: true,
			tool: clientTool(tool, h.ClientCommand()),
		})
	}
	return all
}

// compressed are the dumps that compress.
func (h *host) compressed(s *set) []*contender {
	all := []*contender{{name: "gomove", role: subject, command: gomoveDumpZstd, set: s}}
	if !onPath("mydumper") {
		return all
	}
	if onPath("zstd") {
		all = append(all, &contender{name: "mydumper, zstd -1", role: rival, command: mydumperZstd, set: s})
	}
	return append(all, &contender{name: "mydumper -c", role: rival, command: mydumperGzip, set: s})
}

// prepare makes a dump by a command, unmeasured, and moves it to a path.
func (h *host) prepare(ctx context.Context, c *contender, to string) error {
	if err := h.reset(ctx, c); err != nil {
		return err
	}
	if _, err := measure(ctx, h.dir, h.expand(c)); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	from := h.outDir()
	if isFile(from + ".sql") {
		from += ".sql"
	}
	return os.Rename(from, to)
}

// loaders are the loads: each tool of what it, or its companion, has dumped.
func (h *host) loaders(ctx context.Context, s *set, csv, work string) ([]*contender, error) {
	all := []*contender{{name: "gomove", role: subject, command: gomoveLoad, set: s, in: csv, loads: true}}
	sql := filepath.Join(work, "mydumper")
	if onPath("mydumper") && onPath("myloader") {
		if err := h.prepare(ctx, &contender{command: mydumperDump, set: s}, sql); err != nil {
			return nil, err
		}
		all = append(all, &contender{name: "myloader", role: rival, command: myloaderLoad, set: s, in: sql, loads: true})
	}
	all = append(all, h.clientLoads(ctx, s, work)...)
	for _, p := range h.o.peers {
		if !strings.Contains(p.command, "{in}") {
			continue
		}
		in := sql
		for _, d := range h.o.peers {
			if d.name == p.name && strings.Contains(d.command, "{out}") {
				in = filepath.Join(work, "peer-"+p.name)
				if err := h.prepare(ctx, &contender{command: d.command, set: s}, in); err != nil {
					return nil, fmt.Errorf("%s: %w", p.name, err)
				}
			}
		}
		all = append(all, &contender{name: p.name, role: rival, command: p.command, set: s, in: in, loads: true})
	}
	if h.ClientCommand() == nil || s.name == "small" {
		return all, nil
	}
	limit, err := h.loadLimit(s, csv, work)
	return append(all, limit), err
}

// fileLoaders are the loads of one file: gomove, and the server's client.
func (h *host) fileLoaders(ctx context.Context, s *set, work string) ([]*contender, error) {
	clients := h.clientLoads(ctx, s, work)
	if len(clients) == 0 {
		one, err := h.joinedLoad(ctx, s, work)
		if err != nil {
			return nil, err
		}
		clients = []*contender{one}
	}
	all := []*contender{{name: "gomove", role: subject, command: gomoveLoad, set: s, in: clients[0].in, loads: true}}
	return append(all, clients...), nil
}

// joinedLoad is the server's client with mydumper's files in one: MySQL 5.6 is refused by the mysqldump and the mariadb-dump of today.
func (h *host) joinedLoad(ctx context.Context, s *set, work string) (*contender, error) {
	if h.ClientCommand() == nil || !onPath("mydumper") {
		return nil, errors.New("no tool here writes a file for the server's client")
	}
	file := filepath.Join(work, "joined.sql")
	if err := h.prepare(ctx, &contender{command: mydumperJoined, set: s}, file); err != nil {
		return nil, err
	}
	return &contender{name: filepath.Base(h.client()) + " < mydumper's files in one", role: rival, command: clientLoad, set: s, in: file, loads: true}, nil
}

// clientLoads are the server's clients, each with a file of its companion that dumps.
func (h *host) clientLoads(ctx context.Context, s *set, work string) (all []*contender) {
	if h.ClientCommand() == nil {
		return nil
	}
	for _, tool := range h.dumpClients() {
		file := filepath.Join(work, filepath.Base(tool)+".sql")
		c := &contender{command: dumpClient, set: s, tool: clientTool(tool, h.ClientCommand())}
		if err := h.prepare(ctx, c, file); err != nil {
			fmt.Fprintf(h.out, "  %s does not work here: %s\n", filepath.Base(tool), firstLine(err.Error()))
			continue
		}
		all = append(all, &contender{name: filepath.Base(h.client()) + " < " + filepath.Base(tool), role: rival, command: clientLoad, set: s, in: file, loads: true})
	}
	return all
}

// client is the path of the server's client.
func (h *host) client() string {
	name := ""
	for _, word := range h.ClientCommand() {
		if !strings.HasPrefix(word, "-") && isFile(word) {
			name = word
		}
	}
	return name
}

// chunkBytes adds up the CSV files of a dump.
func chunkBytes(dir string) (n int64, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return 0, err
		}
		n += info.Size()
	}
	return n, nil
}

// loadLimit is the server's own client at work: tables, LOAD DATA of gomove's files over several connections, then keys.
func (h *host) loadLimit(s *set, csv, work string) (*contender, error) {
	const session = "SET SESSION sql_log_bin=0, unique_checks=%d, foreign_key_checks=0, sql_mode='NO_AUTO_VALUE_ON_ZERO'"
	unique := 0
	if h.Kind == "mariadb" {
		unique = 1 // there 0 would lock an empty table for the first LOAD DATA
	}
	var create, keys strings.Builder
	create.WriteString("CREATE DATABASE " + s.schema() + " DEFAULT CHARACTER SET utf8mb4;\n")
	for n := range s.tables(h.o) {
		create.WriteString(s.create(n, false) + ";\n")
		if alter := s.addIndexes(n); alter != "" {
			keys.WriteString(alter + "\n")
		}
	}
	var loads strings.Builder
	names, err := filepath.Glob(filepath.Join(csv, "*.csv"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		table := strings.Split(filepath.Base(name), ".")[1]
		fmt.Fprintf(&loads, "LOAD DATA LOCAL INFILE '%s' INTO TABLE %s.%s %s\n", name, s.schema(), table, dump.LoadDataClauses)
	}
	hasten := ""
	if h.Kind == "mysql97" {
		hasten = ", innodb_ddl_buffer_size=67108864"
	}
	client := fmt.Sprintf("#!/bin/sh\nexec %s --local-infile=1 --init-command=\"%s%s\" \"$@\"\n",
		shellWords(h.ClientCommand()), fmt.Sprintf(session, unique), hasten)
	const each = "xargs -r -d '\\n' -P $1 -n 1 sh client.sh -e < "
	script := fmt.Sprintf("set -e\ncd %s\nsh client.sh < create.sql\n", shellWords([]string{work})) + each + "load.sql\n" + each + "keys.sql\n"
	for name, text := range map[string]string{"create.sql": create.String(), "load.sql": loads.String(), "keys.sql": keys.String(), "client.sh": client, "limit.sh": script} {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return &contender{
		name: "LOAD DATA by the server's client", role: limit, set: s, loads: true, in: filepath.Join(work, "limit.sh"),
		command: "sh {in} {threads}",
	}, nil
}
