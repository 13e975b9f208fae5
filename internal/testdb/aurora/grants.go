package aurora

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
)

// The privileges of version 1. A real server knows none of them: the proxy remembers who holds them, and gives FILE in their place.
const (
	loadFromS3   = "LOAD FROM S3"
	selectIntoS3 = "SELECT INTO S3"
)

func (p *Proxy) hold(account, privilege string, holds bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held[account] == nil {
		p.held[account] = map[string]bool{}
	}
	p.held[account][privilege] = holds
}

func (p *Proxy) holds(account, privilege string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held[account][privilege]
}

// judgeGrant is GRANT and REVOKE of version 1's privileges for S3.
func (p *Proxy) judgeGrant(v *verdict, t []token) {
	on := find(t, "ON")
	if on < 0 {
		return
	}
	var edits []edit
	var changed []string
	for i := 1; i+2 < on+1; i++ {
		for _, privilege := range []string{loadFromS3, selectIntoS3} {
			if follow(t[:on], i, strings.Fields(privilege)...) {
				edits = append(edits, edit{t[i].start, t[i+2].end, "FILE"})
				changed = append(changed, privilege)
			}
		}
	}
	if len(edits) == 0 {
		return
	}
	granted := t[0].is("GRANT")
	account, ok := accountOf(t[on:])
	if !ok {
		v.err = standIn("not implemented: %s of a privilege for S3 to more than one account, or an account without a host", t[0].text)
		return
	}
	if !granted {
		for i := range edits {
			edits[i].with = "FILE"
		}
	}
	changedSQL := apply(v.sql, edits)
	v.run = func(_ context.Context, s *session) error {
		p.mu.Lock()
		left := 0
		for privilege, holds := range p.held[account] {
			if holds && !slices.Contains(changed, privilege) {
				left++
			}
		}
		p.mu.Unlock()
		if !granted && left > 0 { // FILE stays for the other one
			for i := range edits {
				edits[i].with = "USAGE"
			}
			changedSQL = apply(v.sql, edits)
		}
		return s.ask(changedSQL, func(r io.Reader) error {
			answer, err := readPacket(r)
			if err != nil {
				return err
			}
			if len(answer.payload) > 0 && answer.payload[0] == headerOK {
				for _, privilege := range changed {
					p.hold(account, privilege, granted)
				}
			}
			return writePacket(s.client, answer)
		})
	}
}

// accountOf reads ON *.* TO user@host, or FROM.
func accountOf(t []token) (account string, ok bool) {
	for i := range t {
		if t[i].is("TO", "FROM") && i+3 < len(t) && t[i+2].is("@") {
			account = t[i+1].name() + "@" + t[i+3].name()
			return account, i+4 == len(t) || !t[i+4].is(",")
		}
	}
	return "", false
}

// judgeShowGrants hides FILE, which Aurora's accounts never have.
func (p *Proxy) judgeShowGrants(v *verdict) {
	sql := v.sql
	v.run = func(_ context.Context, s *session) error {
		return s.ask(sql, func(r io.Reader) error {
			all, rows, err := readResult(r, s.flags)
			var refused *Error
			if err != nil && !errors.As(err, &refused) {
				return err
			}
			for i := range all {
				if slices.ContainsFunc(rows, func(row packet) bool { return row.seq == all[i].seq }) {
					if all[i].payload, err = p.withoutFile(all[i].payload); err != nil {
						return err
					}
				}
				if err := writePacket(s.client, all[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// withoutFile writes a row of SHOW GRANTS as Aurora would.
func (p *Proxy) withoutFile(row []byte) ([]byte, error) {
	text, err := cells(row)
	if err != nil || len(text) != 1 {
		return row, err
	}
	list, rest, ok := strings.Cut(strings.TrimPrefix(text[0], "GRANT "), " ON *.* ")
	if !ok || !strings.HasPrefix(text[0], "GRANT ") {
		return row, nil
	}
	var privileges []string
	for privilege := range strings.SplitSeq(list, ", ") {
		if privilege != "FILE" {
			privileges = append(privileges, privilege)
			continue
		}
		account, _ := accountOf(lex(rest))
		for _, mine := range []string{loadFromS3, selectIntoS3} {
			if p.holds(account, mine) {
				privileges = append(privileges, mine)
			}
		}
	}
	if len(privileges) == 0 {
		privileges = []string{"USAGE"}
	}
	return appendCell(nil, "GRANT "+strings.Join(privileges, ", ")+" ON *.* "+rest), nil
}
