//! Jobs and their model-days.

use std::collections::BTreeMap;

use super::rows::{DATE, Fields, MODEL};
use super::{Dirt, ImportError, Notes, Source};
use crate::ports::days::{ImportedDetail, ImportedJob, ImportedStatus};

/// All of them, as they stand: those that were under way are told as the
/// simulator itself tells them when it is started again.
pub(super) fn read(
    source: &Source<'_>,
    notes: &mut Notes,
) -> Result<Vec<ImportedJob>, ImportError> {
    let mut jobs = Vec::new();
    for row in source.rows("jobs")? {
        match job(&row) {
            Ok(job) => jobs.push(job),
            Err(dirt) => notes.add(dirt, row.name("jobs")),
        }
    }
    let mut details: BTreeMap<String, Vec<ImportedDetail>> = BTreeMap::new();
    for row in source.rows("job_details")? {
        match detail(&row) {
            Ok((job, detail)) if jobs.iter().any(|known| known.id == job) => {
                details.entry(job).or_default().push(detail);
            }
            Ok(_) => notes.add(Dirt::NoJob, row.name("job_details")),
            Err(dirt) => notes.add(dirt, row.name("job_details")),
        }
    }
    for job in &mut jobs {
        job.details = details.remove(&job.id).unwrap_or_default();
        // Stable: models of a date stay in their order.
        job.details.sort_by(|one, other| one.date.cmp(&other.date));
        if !is_over(job.status) {
            notes.add(Dirt::Interrupted, job.id.clone());
            interrupt(job);
        }
    }
    Ok(jobs)
}

fn job(row: &Fields) -> Result<ImportedJob, Dirt> {
    let status = row.text(&["status"]).ok_or(Dirt::State)?;
    Ok(ImportedJob {
        id: row.text(&["job_id"]).ok_or(Dirt::NoJob)?,
        status: ImportedStatus::parse(&status).ok_or(Dirt::State)?,
        dates: row.texts("date_range"),
        models: row.texts("models"),
        created_at: row.text(&["created_at"]).ok_or(Dirt::Date)?,
        started_at: row.text(&["started_at"]),
        completed_at: row.text(&["completed_at"]),
        total_duration_seconds: row.real(&["total_duration_seconds"]),
        error: row.text(&["error"]),
        warnings: row.texts("warnings"),
        details: Vec::new(),
    })
}

fn detail(row: &Fields) -> Result<(String, ImportedDetail), Dirt> {
    let status = row.text(&["status"]).ok_or(Dirt::State)?;
    let detail = ImportedDetail {
        date: row.text(&DATE).ok_or(Dirt::Date)?,
        model: row.text(&MODEL).ok_or(Dirt::Name)?,
        status: ImportedStatus::parse(&status).ok_or(Dirt::State)?,
        error: row.text(&["error"]),
        started_at: row.text(&["started_at"]),
        completed_at: row.text(&["completed_at"]),
        duration_seconds: row.real(&["duration_seconds"]),
    };
    Ok((row.text(&["job_id"]).ok_or(Dirt::NoJob)?, detail))
}

fn is_over(status: ImportedStatus) -> bool {
    use ImportedStatus::{Completed, Failed, Partial, Skipped};
    matches!(status, Completed | Partial | Failed | Skipped)
}

fn interrupt(job: &mut ImportedJob) {
    let was = job.status;
    let count = |job: &ImportedJob, status| {
        let details = job.details.iter();
        details.filter(|detail| detail.status == status).count()
    };
    let completed = count(job, ImportedStatus::Completed);
    let total = job.details.len();
    for detail in &mut job.details {
        if !is_over(detail.status) {
            detail.status = ImportedStatus::Failed;
            detail.error = Some("Container restarted before completion".to_owned());
        }
    }
    job.status = if completed > 0 {
        ImportedStatus::Partial
    } else {
        ImportedStatus::Failed
    };
    job.error = Some(format!(
        "Job interrupted by container restart (was {}, {completed}/{total} model-days completed)",
        was.as_str()
    ));
}
