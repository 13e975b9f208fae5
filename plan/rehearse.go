package plan

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// rehearsals is the table on a disposable target that says which schemas a rehearsal has put there, and may take away again.
const (
	rehearsalSchema  = "gomove"
	rehearsalTable   = "rehearsals"
	rehearsalColumns = " (name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, begun DATETIME NOT NULL) ENGINE=InnoDB COMMENT='schemas that gomove plan --rehearse may drop'"
)

func rehearsalName() string { return mysql.QuoteTable(rehearsalSchema, rehearsalTable) }

// mayRehearse refuses a target that holds the schemas, unless a rehearsal has put them there.
func (p *planning) mayRehearse(ctx context.Context) error {
	same, err := mysql.SameServer(ctx, p.source, p.target)
	if err != nil {
		return err
	}
	if same {
		return fmt.Errorf("%w: source and target are one server", ErrRefused)
	}
	db := p.target.DB()
	there, err := mysql.NameSet(ctx, db, "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
	if err != nil {
		return err
	}
	const errNoTable, errNoSchema = 1146, 1049
	ours, err := mysql.NameSet(ctx, db, "SELECT name FROM "+rehearsalName())
	if n := mysql.Number(err); err != nil && n != errNoTable && n != errNoSchema {
		return err
	}
	for _, schema := range p.schemasThere() {
		name := strings.ToLower(schema)
		if there[name] && !ours[name] {
			return fmt.Errorf("%w: the target has the schema %s, which no rehearsal has put there: take it away, or name another target", ErrRefused, mysql.QuoteName(schema))
		}
	}
	return nil
}

// prepare takes the last rehearsal's schemas away and notes this one's, before anything of it is there.
func (p *planning) prepare(ctx context.Context) error {
	statements := []string{"CREATE DATABASE IF NOT EXISTS " + mysql.QuoteName(rehearsalSchema), "CREATE TABLE IF NOT EXISTS " + rehearsalName() + rehearsalColumns}
	for _, name := range p.schemasThere() {
		statements = append(statements, "REPLACE INTO "+rehearsalName()+" VALUES ("+mysql.QuoteString(name)+", UTC_TIMESTAMP())",
			"DROP DATABASE IF EXISTS "+mysql.QuoteName(name))
	}
	for _, q := range statements {
		if _, err := p.target.DB().ExecContext(ctx, q); err != nil {
			return fmt.Errorf("target: %s: %w", q, err)
		}
	}
	return nil
}

// rehearse runs what moves data of the checklist, in its order, and notes how long each step takes.
func (p *planning) rehearse(ctx context.Context) (err error) {
	if err := p.prepare(ctx); err != nil {
		return err
	}
	root, err := os.MkdirTemp(p.o.Measure.Dir, "gomove-rehearsal-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(root)) }()
	m := p.o.Mover
	do := map[string]func(context.Context, Job) (Moved, error){"dump": m.Dump, "load": m.Load, "copy": m.Copy, "verify": m.Verify, "follow-verify": m.Verify}
	job := Job{Selection: p.o.Selection, Names: p.o.Names, Threads: p.o.Threads}
	if slices.ContainsFunc(p.report.Steps, func(s Step) bool { return s.ID == "dump" }) {
		job.Dir = filepath.Join(root, "dump")
	}
	r := &Rehearsal{}
	p.report.Rehearsed = r
	for i := range p.report.Steps {
		s := &p.report.Steps[i]
		run := do[s.ID]
		if run == nil || s.Seconds != nil {
			continue
		}
		got, err := run(ctx, job)
		if err != nil {
			return fmt.Errorf("rehearse %s: %w", s.ID, err)
		}
		s.Seconds = &got.Seconds
		r.Seconds += got.Seconds
		if s.ID == "load" || s.ID == "copy" {
			r.Rows = got.Rows
		}
		if got.Differs != "" && r.Differs == "" {
			r.Differs = s.ID + ": " + got.Differs
		}
	}
	if r.Differs != "" {
		return fmt.Errorf("%w: %s", ErrDiffers, r.Differs)
	}
	return nil
}
